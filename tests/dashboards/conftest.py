from pathlib import Path

import pytest
from published_shop import Publish, write_publication


@pytest.fixture
def published_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETOUR_VAR_DIR", str(tmp_path))
    return tmp_path / "published"


@pytest.fixture
def publish(published_dir: Path) -> Publish:
    return lambda rows: write_publication(published_dir, rows)
