"""A shop in a folder of its own, driven by the command line as a user would."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

MARTS = ("return_lines", "volume_daily", "sku_weekly", "problem_skus")


@dataclass(frozen=True)
class Shop:
    """One installation: its folder and its command line."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "RETOUR_VAR_DIR": str(self.folder / "var"),
            "RETOUR_WAREHOUSE": str(self.folder / "warehouse.duckdb"),
        }

    def command(self, *words: str) -> list[str]:
        return [str(Path(sys.executable).with_name("retour")), *words]

    def retour(self, *words: str) -> str:
        """Run a command that must succeed; what it prints."""
        answer = self._run(*words)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    def refused(self, *words: str) -> str:
        """Run a command that must be refused; what it says."""
        answer = self._run(*words)
        assert answer.returncode == 1, answer.stdout + answer.stderr
        return answer.stderr

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*words),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def published(self) -> dict[str, list[tuple[object, ...]]]:
        """Every published mart's rows, sorted."""
        manifest = json.loads((self.folder / "var" / "published" / "manifest.json").read_text())
        return {mart: self._rows(manifest["marts"][mart]["files"]) for mart in MARTS}

    def _rows(self, files: list[dict[str, str]]) -> list[tuple[object, ...]]:
        paths = [str(self.folder / "var" / "published" / file["path"]) for file in files]
        with duckdb.connect() as connection:
            rows = connection.execute(
                "select * from read_parquet($paths)", {"paths": paths}
            ).fetchall()
        return sorted(rows, key=repr)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the published marts; each is a table of its name."""
        manifest = json.loads((self.folder / "var" / "published" / "manifest.json").read_text())
        with duckdb.connect() as connection:
            for mart, entry in manifest["marts"].items():
                paths = [
                    str(self.folder / "var" / "published" / each["path"]) for each in entry["files"]
                ]
                connection.read_parquet(paths).create_view(mart)
            return connection.execute(sql).fetchall()

    def forget_warehouse(self) -> None:
        (self.folder / "warehouse.duckdb").unlink()

    def forget_lake(self) -> None:
        shutil.rmtree(self.folder / "var" / "lake")
