"""What several areas share: settings on an empty folder, and a browser."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from retour.settings import Settings

SHOP_FILE = Path(__file__).parents[2] / "shared" / "data" / "online_retail.parquet"


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is left out, there is nothing to share
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from sharing import ByFile

    return ByFile(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """No example fails for being slow on a busy machine. All installations of all tests read one file of relations: to
    analyse the SQL takes seconds in each process.
    """
    hypothesis_settings.register_profile("retour", deadline=None)
    hypothesis_settings.load_profile("retour")
    folder = config.rootpath / ".pytest_cache" / "relations"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["RETOUR_CACHE_DIR"] = str(folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest tests, where several processes share them."""
    if hasattr(config, "workerinput"):
        from sharing import rank

        items.sort(key=rank)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("RETOUR_", "DAGSTER_"))]:
        if name != "RETOUR_CACHE_DIR":
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of its own, on an empty folder."""
    return Settings(var_dir=tmp_path / "var", warehouse=tmp_path / "warehouse.duckdb")


@pytest.fixture(scope="session")
def shop_file() -> Path:
    """The real shop's history (541,909 rows), read where it lies beside the project."""
    if not SHOP_FILE.exists():
        pytest.skip(f"the real shop's history is not at {SHOP_FILE}")
    return SHOP_FILE


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium. CI must have one; elsewhere its tests are skipped, loudly."""
    found = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail("no Chromium on this machine; .ci/run installs Debian's package `chromium`")
    pytest.skip("no Chromium on this machine; install one to run the browser tests")
