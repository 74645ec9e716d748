"""The shop's policy as a file: the built-in one, and how others are read, and tried on the past."""

import tomllib
from functools import cache
from importlib.resources import files

from service.domain.policy import Policy


def default_text() -> str:
    """The built-in policy file: complete, and explained line by line."""
    return (files("service.policies") / "default.toml").read_text(encoding="utf-8")


@cache
def default_policy() -> Policy:
    """The built-in policy."""
    return Policy.model_validate(tomllib.loads(default_text()))
