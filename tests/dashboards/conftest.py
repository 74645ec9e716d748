import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from published_figures import figures, health
from published_shop import (
    Publish,
    PublishMarts,
    Visit,
    problems,
    product_marts,
    write_marts,
    write_publication,
)
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "dashboards" / "streamlit_app.py"


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


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    """A connection in which every mart of operations and of health is a view."""
    connection = duckdb.connect()
    for name, frame in {**figures(), **health()}.items():
        connection.register(name, frame)
    return connection


@pytest.fixture
def publish_marts(published_dir: Path) -> PublishMarts:
    return lambda frames: write_marts(published_dir, frames)


@pytest.fixture
def publish_health(published_dir: Path) -> PublishMarts:
    return lambda frames: write_marts(published_dir / "health", frames)


@pytest.fixture
def everything(publish_marts: PublishMarts, publish_health: PublishMarts) -> None:
    """All marts that a page asks for are published."""
    publish_marts({**figures(), **product_marts(problems(6))})
    publish_health(health())


@pytest.fixture
def visit() -> Visit:
    """Opens a page by its name, with what the URL says."""

    def visited(page: str, **said: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        for name, word in said.items():
            app.query_params[name] = word
        app.run()
        return app if page == "overview" else app.switch_page(f"app_pages/{page}.py").run()

    return visited
