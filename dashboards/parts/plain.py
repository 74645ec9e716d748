"""A shop's own words as they are, wherever Markdown is read."""

import re


def plain(text: str) -> str:
    """The text, none of which is Markdown or a formula."""
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$~:])", r"\\\1", text)
