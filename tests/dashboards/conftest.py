import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from published_shop import Publish, write_publication


@pytest.fixture(autouse=True)
def _same_main_module() -> Iterator[None]:
    """AppTest leaves its page as `__main__`, and every process that is spawned later would begin by running it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def published_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETOUR_VAR_DIR", str(tmp_path))
    return tmp_path / "published"


@pytest.fixture
def publish(published_dir: Path) -> Publish:
    return lambda rows: write_publication(published_dir, rows)
