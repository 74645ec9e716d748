"""A policy file, read and checked. What is wrong is said with its line, and with what would be right."""

from pathlib import Path

from retour.errors import UserError
from service.domain.policy import Policy
from service.platform.toml_files import FileKind, read_model

_A_WHOLE_POLICY = "`retour policy show` prints a whole policy to copy from"


class BadPolicy(UserError):
    """A policy file that cannot be used; a line for each fault names file, line, and what is allowed."""


_POLICY_FILE = FileKind(
    model=Policy,
    bad=BadPolicy,
    name="policy",
    if_unreadable=f"name a file, or leave RETOUR_POLICY empty for the built-in policy. {_A_WHOLE_POLICY}",
    if_incomplete=_A_WHOLE_POLICY,
    sample_text='"2026-11"',
    sample_table="{ EUR = 500 }",
    patterns={
        r"^[A-Z]{3}$": "three capital letters of ISO 4217, such as EUR or CNY",
        r"^[a-z][a-z0-9_]{0,59}$": "small letters, digits and underscores, such as eu_14_day",
        r"^[^\x00-\x1f\x7f]*$": "text without control characters",
    },
)


def read_policy(path: Path) -> Policy:
    """The policy in a file. Raises `BadPolicy`."""
    return read_model(path, _POLICY_FILE)
