"""What several areas share: settings on an empty folder, and a browser."""

import os
import shutil
from pathlib import Path

import pytest

from retour.settings import Settings

SHOP_FILE = Path(__file__).parents[2] / "shared" / "data" / "online_retail.parquet"


# Where the longest tests are: they begin first, so that no process is left alone with them at the end.
_LONGEST_FIRST = ("e2e", "pipelines", "dashboards", "retour", "simulator", "service")


@pytest.hookimpl(tryfirst=True)  # before the groups become parts of the tests' names
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, one takes a whole file, or all of a group that shares something costly."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(_place(item))))
    items.sort(key=_rank)


def _place(item: pytest.Item) -> Path:
    return item.path.relative_to(Path(__file__).parent)


def _rank(item: pytest.Item) -> int:
    folder = _place(item).parts[0]
    return (*_LONGEST_FIRST, folder).index(folder)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("RETOUR_", "DAGSTER_"))]:
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
