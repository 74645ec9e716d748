"""What stands in the registry of models: read once, and again as soon as a file of it is another one."""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, Self

from models.risk.registry import (
    CHALLENGER,
    CHAMPION,
    HISTORY,
    Pointer,
    challenger,
    champion,
    verify,
)
from models.risk.score import GOLDEN, MANIFEST, MODEL, ModelUnusable
from models.risk.suspension import SUSPENDED, suspensions
from service.domain.policy_sections import RiskTerms
from service.domain.risk import Caps, Stakes

_Mark = tuple[int, int, int, int] | None
_NOTHING_PROVEN = Stakes(None)
_AGAIN_S = 5.0  # what could not be read may have been the machine's fault
_PLAIN_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


class Model(Protocol):
    """A trained model in memory, as `models.risk.score` loads it."""

    @property
    def version(self) -> str: ...
    @property
    def features(self) -> tuple[str, ...]: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def manifest(self) -> Any: ...
    def score(self, vector: Sequence[float | None]) -> float: ...
    def explain(self, vector: Sequence[float | None]) -> list[tuple[str, float]]: ...


Load = Callable[[Path], Model]


@dataclass(frozen=True, slots=True)
class Named:
    """A model that a pointer names and its stakes, or why it cannot be used (`fault`). Without either, none is named."""

    version: str | None = None
    model: Model | None = None
    stakes: Stakes = _NOTHING_PROVEN
    fault: str | None = None

    def under(self, terms: RiskTerms) -> Self:
        """The same, with what is proven well enough for this policy."""
        return replace(self, stakes=self.stakes.under(terms))


@dataclass(frozen=True, slots=True)
class Standing:
    """Who decides, who scores in the shadow, and whether the one who decides is suspended; `fault`: nobody knows."""

    champion: Named
    challenger: Named
    is_suspended: bool
    fault: str | None = None

    def under(self, terms: RiskTerms) -> Self:
        """The same, with what is proven well enough for this policy."""
        return replace(
            self, champion=self.champion.under(terms), challenger=self.challenger.under(terms)
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of some files at a moment (`read_at`, seconds), and by what one sees whether they changed."""

    files: tuple[Path, ...]
    marks: tuple[_Mark, ...]
    read_at: float
    named: Named = field(default_factory=Named)
    suspended: frozenset[str] = frozenset()

    def is_current(self, now: float) -> bool:
        is_failure = self.named.fault is not None
        if is_failure and now - self.read_at >= _AGAIN_S:
            return False
        return self.marks == tuple(map(_mark, self.files))


class Registry:
    """The registry's folder, looked at with each request: a few calls of `stat`, no thread.

    A model stays in memory for as long as its files do not change. One that cannot be read is not replaced by the one
    that was there before: nobody knows whether that one should still decide. It is tried again after some seconds.
    """

    def __init__(
        self, root: Path, load: Load = verify, timer: Callable[[], float] = monotonic
    ) -> None:
        self._root, self._load, self._timer = root, load, timer
        self._lock = threading.Lock()
        self._champion: _Read | None = None
        self._challenger: _Read | None = None
        self._suspended: _Read | None = None

    def standing(self) -> Standing:
        """What stands now. Never raises: what cannot be read is a fault."""
        now = self._timer()
        with self._lock:
            if self._champion is None or not self._champion.is_current(now):
                self._champion = self._look(CHAMPION, champion, now)
            if self._challenger is None or not self._challenger.is_current(now):
                self._challenger = self._look(CHALLENGER, challenger, now)
            if self._suspended is None or not self._suspended.is_current(now):
                self._suspended = self._look_for_suspensions(now)
            leader, suspended = self._champion.named, self._suspended
        return Standing(
            leader,
            self._challenger.named,
            leader.version in suspended.suspended,
            suspended.named.fault,
        )

    def _look(self, name: str, read: Callable[[Path], Pointer | None], now: float) -> _Read:
        """Marks are taken before what they mark is read, so that a change in between is seen the next time."""
        path = self._root / name
        mark = _mark(path)
        try:
            pointer = read(self._root)
        except ModelUnusable as broken:
            return _Read((path,), (mark,), now, Named(fault=str(broken)))
        if pointer is None:
            return _Read((path,), (mark,), now, self._nobody(name))
        if not _PLAIN_NAME.fullmatch(str(pointer.version)):
            return _Read((path,), (mark,), now, Named(fault=f"{path} names no version"))
        folder = self._root / pointer.version
        files = (folder / MANIFEST, folder / MODEL, folder / GOLDEN)
        marks = tuple(map(_mark, files))
        return _Read((path, *files), (mark, *marks), now, self._loaded(pointer.version, folder))

    def _loaded(self, version: str, folder: Path) -> Named:
        try:
            model = self._load(folder)
            if model.version != version:
                return Named(version, fault=f"{folder} holds model {model.version}")
            return Named(version, model, stakes_of(model))
        except Exception as unusable:  # whatever a broken file makes of the reader
            return Named(version, fault=f"{type(unusable).__name__}: {unusable}")

    def _nobody(self, name: str) -> Named:
        """Before the first promotion there is no champion; afterwards its pointer was lost."""
        if name == CHAMPION and (self._root / HISTORY).exists():
            return Named(
                fault=f"{self._root / name} is gone; name a model with `retour model promote VERSION`"
            )
        return Named()

    def _look_for_suspensions(self, now: float) -> _Read:
        path = self._root / SUSPENDED
        mark = _mark(path)
        try:
            return _Read((path,), (mark,), now, suspended=frozenset(suspensions(self._root)))
        except ModelUnusable as broken:
            return _Read((path,), (mark,), now, Named(fault=str(broken)))


def stakes_of(model: Model) -> Stakes:
    """Up to which scores a model's certificates go, of whom they speak, and what they prove. Raises ValueError for what is no
    probability.
    """
    actions, rules = model.manifest.get("actions", {}), model.manifest["rules"]
    return Stakes(
        _probability(model.threshold),
        _probability(actions.get("refund_early", {}).get("threshold")),
        _probability(actions.get("inspect_basic", {}).get("threshold")),
        rules.get("most_linked", {}),
        Caps(
            count=rules["abuse_cap"],
            amount=rules["amount_cap"],
            early=rules["early_cap"],
            basic=rules["basic_cap"],
            confidence=rules["confidence"],
        ),
    )


def _probability(threshold: float | None) -> float | None:
    if threshold is not None and not 0 <= threshold <= 1:
        raise ValueError(f"a threshold is {threshold!r}; it must be between 0 and 1")
    return threshold


def _mark(path: Path) -> _Mark:
    """What changes with a file's content; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
