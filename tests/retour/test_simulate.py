import sys
from datetime import date
from pathlib import Path

import pytest
from cli_shop import Shop
from plain_run import refresh
from small_practice import SMALL as TINY
from small_practice import log_of, simulated

from retour.assembly import open_retour
from retour.settings import Settings
from retour.simulate import NoSuchStart, NotAnEmptyShop, simulate
from service.catalog.schemas import ProductBody

SIZE = {"days": 2, "orders_per_day": 3.0, "seed": 1}


class TestRefusal:
    def test_a_real_shop_is_played_into_only_if_asked_for_by_name(self, settings: Settings) -> None:
        open_retour(settings).catalog.put("MUG", ProductBody(title="a real mug"))

        with pytest.raises(NotAnEmptyShop, match=r"what really happened.*--into retour "):
            simulate(settings, TINY, **SIZE)  # type: ignore[arg-type]
        with pytest.raises(NotAnEmptyShop):
            simulate(settings, TINY, into="another", **SIZE)  # type: ignore[arg-type]
        assert open_retour(settings).log_head() == 1

        simulate(settings, TINY, into="retour", **SIZE)  # type: ignore[arg-type]

        assert {event.origin for event in log_of(settings)} == {"live", "simulated"}

    def test_nor_is_a_simulated_shop_played_over(self, settings: Settings) -> None:
        simulate(settings, TINY, **SIZE)  # type: ignore[arg-type]

        with pytest.raises(NotAnEmptyShop, match=r"a simulated shop already.*RETOUR_VAR_DIR"):
            simulate(settings, TINY, **SIZE)  # type: ignore[arg-type]

    def test_the_command_line_says_it_in_one_line(self, tmp_path: Path) -> None:
        shop = Shop(tmp_path)
        words = ("simulate", "--days", "1", "--orders-per-day", "2")
        shop.retour(*words)

        said = shop.refused(*words)

        assert said.startswith("retour: the log of ")
        assert "Traceback" not in said

    @pytest.mark.parametrize("start", ["9999-12-30", "0001-01-01", "1990-12-31"])
    def test_a_day_from_which_nothing_can_be_played_is_refused(
        self, settings: Settings, start: str
    ) -> None:
        day = date.fromisoformat(start)

        with pytest.raises(NoSuchStart, match=f"--start {start} cannot be played; choose a day"):
            simulate(settings, TINY, start=day, **SIZE)  # type: ignore[arg-type]

        assert not settings.var_dir.exists()

    def test_a_scenario_that_cannot_be_is_refused_before_anything_is_made(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "mine.toml").write_text("[abuse]\nshare = 1.5\n")
        shop = Shop(tmp_path)

        said = shop.refused("simulate", "--scenario", str(tmp_path / "mine.toml"))

        assert "mine.toml:2: abuse.share is 1.5; it must be 0 to 0.5" in said
        assert not (tmp_path / "var" / "retour.db").exists()


_opened: list[str] = []


def _note_openings(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None and isinstance(arguments[0], str | Path):
        _opened.append(str(arguments[0]))


@pytest.mark.slow
class TestTruthApart:
    def test_a_refresh_opens_no_file_of_the_truth(self, tmp_path: Path) -> None:
        """Deleting the truth changes nothing for pipeline, models and service; they never look at it."""
        settings = simulated(tmp_path, seed=7, days=5)
        sys.addaudithook(_note_openings)
        _opened.clear()

        refresh(settings)

        assert any("lake" in each for each in _opened)
        assert not [each for each in _opened if "truth" in each]

    def test_no_source_but_the_simulators_speaks_of_it(self) -> None:
        root = Path(__file__).parents[2]
        speaking = {
            path.relative_to(root).parts[0]
            for folder in ("service", "pipelines", "models", "dashboards", "sql")
            for path in (root / folder).rglob("*")
            if path.suffix in (".py", ".sql", ".toml") and '"truth"' in path.read_text("utf-8")
        }

        assert speaking == set()
