"""What a training leaves beside the registry: its frame, the requests that it judged, and what came of it."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from models.risk.registry import replace_file
from pipelines.risk.frame import Frame
from retour.settings import Settings

BY = "pipeline"
_FRAME, _JUDGED, _TOLD = "frame.parquet", "judged.parquet", "told.json"


@dataclass(frozen=True, slots=True)
class Told:
    """The newest training: which model it gave, or why none; and what speaks against its promotion (None: not asked yet)."""

    version: str | None
    too_few: str | None
    against: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Bench:
    """The folder of the models, `registry`, and the one of their training."""

    registry: Path
    folder: Path

    @classmethod
    def of(cls, settings: Settings) -> "Bench":
        """Those of an installation."""
        return cls.beside(settings.risk_dir)

    @classmethod
    def beside(cls, registry: Path) -> "Bench":
        """A registry's, whose trainings lie beside it."""
        return cls(registry, registry.with_name("risk_training"))

    def keep_frame(self, frame: Frame) -> Path:
        """Write the frame whole, and give its file."""
        about = {"as_of": frame.as_of.isoformat(), "left_out": str(frame.left_out)}
        return self._keep(_FRAME, frame.rows, about)

    def frame(self) -> Frame:
        """The frame that was kept last."""
        path = self.folder / _FRAME
        about = pl.read_parquet_metadata(path)
        moment = datetime.fromisoformat(about["as_of"])
        return Frame(pl.read_parquet(path), moment, int(about["left_out"]))

    def keep_judged(self, judged: pl.DataFrame) -> None:
        """Keep the judged requests of the newest model; see `models.risk.train.Trained`."""
        self._keep(_JUDGED, judged, {})

    def judged(self) -> pl.DataFrame:
        """Those that were kept last."""
        return pl.read_parquet(self.folder / _JUDGED)

    def note_trained(self, version: str | None, too_few: str | None) -> None:
        """Note what the newest training gave."""
        self._note({"version": version, "too_few": too_few, "against": None})

    def note_judged(self, told: Told, against: tuple[str, ...]) -> None:
        """Note that the newest training was judged, and what speaks against the promotion of its model."""
        self._note({"version": told.version, "too_few": told.too_few, "against": list(against)})

    def told(self) -> Told | None:
        """What is known of the newest training; None before the first."""
        try:
            found: dict[str, Any] = json.loads((self.folder / _TOLD).read_bytes())
        except FileNotFoundError:
            return None
        against = found["against"]
        return Told(found["version"], found["too_few"], None if against is None else tuple(against))

    def _note(self, told: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / _TOLD, json.dumps(told, ensure_ascii=False).encode())

    def _keep(self, name: str, rows: pl.DataFrame, about: dict[str, str]) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f".{name}"
        rows.write_parquet(beside, metadata=about)
        return beside.replace(self.folder / name)
