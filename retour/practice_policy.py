"""The policy of the practice shop: the built-in one, but for what a small shop asks of its first risk model.

Seven thousand requests a year prove no cap of 1 %. A shop of that size can wait for years, or say how much abuse it bears: at
3 % of what passes by itself it loses less than a reviewer's look at each request costs.
"""

from collections.abc import Mapping

from retour.assembly import open_database
from retour.settings import Settings
from service.platform import log
from service.policies import default_text

# What stands in the built-in file, and what stands there instead.
_INSTEAD: Mapping[str, str] = {
    'version = "2026-11"\n': 'version = "2026-11-practice"\n',
    "\nshare = 0.03\n": "\n# A small shop draws more: of few approvals three in a hundred tell nothing for months.\nshare = 0.10\n",
    "\nbootstrap_share = 0.30\n": "\nbootstrap_share = 0.50\n",
    "\nabuse_cap = 0.01\n# ... and by the money": "\n# A small shop cannot prove 1 %, and loses less at 3 % than reviewing everything costs.\nabuse_cap = 0.03\n# ... and by the money",
    "\namount_cap = 0.01\n": "\namount_cap = 0.05\n",
    "\nabuse_cap = 0.005\n": "\nabuse_cap = 0.015\n",
    "\nabuse_cap = 0.01\n\n\n# Small things": "\nabuse_cap = 0.03\n\n\n# Small things",
}


def practice_policy_text() -> str:
    """The whole file. Raises `ValueError` where the built-in one does not say what is to be said otherwise."""
    text = default_text()
    for line, other in _INSTEAD.items():
        if text.count(line) != 1:
            raise ValueError(f"the built-in policy has {text.count(line)} times {line!r}, not once")
        text = text.replace(line, other)
    return text


def lay_down_policy(settings: Settings) -> None:
    """Put the practice shop's policy in force where its play is yet to begin, and no other is named."""
    path = settings.practice_policy
    if settings.policy or path.exists() or _has_begun(settings):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(practice_policy_text(), encoding="utf-8")
    draft.replace(path)


def _has_begun(settings: Settings) -> bool:
    db = open_database(settings)
    try:
        with db.read() as connection:
            return log.head(connection) > 0
    finally:
        db.dispose()
