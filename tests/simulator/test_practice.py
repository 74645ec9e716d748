import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retour.assembly import open_practice, open_retour
from retour.settings import Settings
from service.catalog.schemas import ProductBody
from service.domain.events import RecordedEvent
from service.platform.clock import to_us
from simulator.catalogue import CATEGORIES, FAULTS, PRODUCTS_A_CATEGORY
from simulator.practice import ORDERS, WEEKS, NotAPracticeShop, Summary, play

START = datetime(2026, 1, 5, tzinfo=UTC)


def played(folder: Path, seed: int) -> tuple[Summary, list[RecordedEvent]]:
    settings = Settings(var_dir=folder)
    with open_practice(settings, START, seed) as (retour, clock):
        summary = play(retour, clock, seed=seed)
    retour = open_retour(settings)
    return summary, list(retour.read_log(0, 100_000))


@pytest.fixture(scope="module")
def history(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Summary, list[RecordedEvent]]:
    return played(tmp_path_factory.mktemp("practice"), 7)


class TestPlay:
    def test_it_is_a_shop_of_the_size_it_says(
        self, history: tuple[Summary, list[RecordedEvent]]
    ) -> None:
        summary, events = history
        counted = Counter(event.type for event in events)

        assert (
            counted["product.upserted"] == summary.products == len(CATEGORIES) * PRODUCTS_A_CATEGORY
        )
        assert counted["order.placed"] == summary.orders == ORDERS
        assert counted["return.requested"] == summary.returns > 100
        assert counted["return.authorized"] > counted["review.opened"] > 0

    def test_all_of_it_is_simulated_and_lies_in_its_weeks_in_order(
        self, history: tuple[Summary, list[RecordedEvent]]
    ) -> None:
        _, events = history
        times = [event.time_us for event in events]

        assert {event.origin for event in events} == {"simulated"}
        assert times == sorted(times)
        assert to_us(START) <= times[0]
        assert times[-1] <= to_us(START + timedelta(weeks=WEEKS))

    def test_faulty_products_come_back_more_often_from_their_week_on(
        self, history: tuple[Summary, list[RecordedEvent]]
    ) -> None:
        _, events = history
        returned = Counter[bool]()
        weeks = {fault.sku: fault.week for fault in FAULTS}
        for event in events:
            if event.type == "return.requested":
                for line in json.loads(event.data)["lines"]:
                    if line["sku"] in weeks:
                        onset = to_us(START + timedelta(weeks=weeks[line["sku"]]))
                        returned[event.time_us > onset] += line["quantity"]

        assert returned[True] > 2.5 * returned[False]

    def test_titles_are_in_two_languages(
        self, history: tuple[Summary, list[RecordedEvent]]
    ) -> None:
        _, events = history
        titles = {json.loads(e.data)["title"] for e in events if e.type == "product.upserted"}

        assert any("\u4e00" <= title[0] <= "\u9fff" for title in titles)
        assert any(title[0].isascii() for title in titles)

    @pytest.mark.slow
    def test_the_same_seed_plays_the_same_shop(
        self, history: tuple[Summary, list[RecordedEvent]], tmp_path: Path
    ) -> None:
        summary, events = played(tmp_path, 7)

        assert summary == history[0]
        assert [(e.id, e.time_us, e.data) for e in events] == [
            (e.id, e.time_us, e.data) for e in history[1]
        ]


class TestRefusal:
    def test_a_real_shop_is_never_played_into(self, settings: Settings) -> None:
        open_retour(settings).catalog.put("MUG", ProductBody(title="a real mug"))

        with (
            pytest.raises(NotAPracticeShop, match=r"real shop.*RETOUR_VAR_DIR"),
            open_practice(settings, START, 7) as (retour, clock),
        ):
            play(retour, clock, seed=7)

        assert open_retour(settings).log_head() == 1

    def test_broken_off_midway_it_leaves_nothing(self, settings: Settings) -> None:
        def break_off(share: float) -> None:
            if share > 0.05:
                raise KeyboardInterrupt

        with (
            pytest.raises(KeyboardInterrupt),
            open_practice(settings, START, 7) as (retour, clock),
        ):
            play(retour, clock, seed=7, progress=break_off)

        assert open_retour(settings).log_head() == 0
