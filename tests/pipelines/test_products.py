"""A flag's life in the log: raised, cleared, raised again; and the same row before and after its event was read."""

import shutil
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from rivals import flag
from small_shop import BAD_SKU, a_month, append, small_shop
from without_dagster import run_steps

from pipelines.publish.manifest import Publication
from retour.settings import Settings
from service.application import Retour
from service.domain.events import (
    Actor,
    Event,
    Payload,
    RecordedEvent,
    SkuActionTaken,
    SkuDismissed,
)
from service.platform.ids import SystemIds

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def retour(settings: Settings) -> Retour:
    return small_shop(settings)


def refresh(settings: Settings, retour: Retour) -> pl.DataFrame:
    """The problem products as published after one refresh."""
    run_steps(settings, retour, NOW)
    return published(settings, "problem_skus")


def published(settings: Settings, mart: str) -> pl.DataFrame:
    publication = Publication.load(settings.published_dir)
    assert publication
    files = publication.marts[mart].files
    return pl.concat(pl.read_parquet(settings.published_dir / file.path) for file in files)


def conclusions(retour: Retour) -> list[RecordedEvent]:
    return [each for each in retour.read_log(0, 1_000_000) if each.actor_role == "pipeline"]


class TestFlags:
    def test_a_flag_is_the_same_row_before_and_after_its_event_was_read(
        self, settings: Settings, retour: Retour
    ) -> None:
        raised = refresh(settings, retour)
        known = published(settings, "product_flags")
        read = refresh(settings, retour)

        assert raised["sku"].to_list() == [BAD_SKU]
        assert read.equals(raised)
        assert known["status"].to_list() == ["flagged"]
        assert published(settings, "product_flags").equals(known)
        assert [each.type for each in conclusions(retour)] == ["sku.flagged"]

    def test_it_goes_when_the_evidence_has_gone_and_comes_back_with_new_evidence(
        self, settings: Settings, retour: Retour
    ) -> None:
        statuses = []
        for number, bad_rate in enumerate((None, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5)):
            if bad_rate is not None:
                a_month(retour, 120 + 30 * number, bad_rate=bad_rate)
            statuses.append(refresh(settings, retour)["status"].item())
            refresh(settings, retour)

        told = [each.type for each in conclusions(retour) if each.subject == BAD_SKU]
        assert told == ["sku.flagged", "sku.cleared", "sku.flagged"]
        assert (statuses[0], statuses[6], statuses[-1]) == ("flagged", "cleared", "flagged")

    def test_what_it_says_is_what_the_published_row_says(
        self, settings: Settings, retour: Retour
    ) -> None:
        row = refresh(settings, retour).row(0, named=True)
        (event,) = conclusions(retour)

        assert f'"lift":{row["lift"]}' in event.data
        assert f'"since":"{row["since"]}"' in event.data
        assert event.time_us == int(
            (row["flagged_at"] - datetime(1970, 1, 1)) / timedelta(microseconds=1)  # noqa: DTZ001  # published times are UTC without a zone
        )


class TestAnswers:
    def test_a_dismissed_flag_stays_so_while_the_same_goes_on(self, settings: Settings) -> None:
        """By the day of the dismissal the excess has doubled since the flag was raised, and the page said so."""
        retour = small_shop(settings, days=60)
        refresh(settings, retour)
        a_month(retour, 60, bad_rate=0.5)
        a_month(retour, 90, bad_rate=0.5)
        dismissed = says(retour, SkuDismissed, days=120, reason="expected")

        refresh(settings, retour)
        a_month(retour, 121, bad_rate=0.5)
        a_month(retour, 151, bad_rate=0.5)
        kept = refresh(settings, retour)

        assert told(retour) == ["sku.flagged", "sku.answer_weighed"]
        assert f'"answer_id":"{dismissed}"' in conclusions(retour)[-1].data
        settings.warehouse.unlink()
        shutil.rmtree(settings.lake_dir)
        assert refresh(settings, retour).equals(kept)
        assert told(retour) == ["sku.flagged", "sku.answer_weighed"]

    @pytest.mark.parametrize(
        ("answer", "said"),
        [(SkuDismissed, {"reason": "expected"}), (SkuActionTaken, {"action": "size_note"})],
    )
    def test_a_problem_that_began_after_the_answer_is_flagged_once(
        self, settings: Settings, answer: type[Payload], said: dict[str, str]
    ) -> None:
        """The flag of the year before still stands; what comes back too often now was sold since."""
        retour = small_shop(settings, days=60)
        retour.conclusions.append([at(-20, flag(BAD_SKU).data, Actor("pipeline"))])
        says(retour, answer, days=-10, **said)

        for _ in range(2):
            refresh(settings, retour)
        a_month(retour, 60, bad_rate=0.5)
        refresh(settings, retour)

        assert told(retour) == ["sku.flagged", "sku.answer_weighed", "sku.flagged"]
        statuses = published(settings, "product_flags").sort("flagged_at")["status"]
        assert statuses.to_list() == ["cleared", "flagged"]

    def test_what_somebody_acted_on_is_not_flagged_again_for_the_same(
        self, settings: Settings
    ) -> None:
        retour = small_shop(settings, days=60)
        refresh(settings, retour)
        says(retour, SkuActionTaken, days=60, action="supplier_claim")
        for first_day in (61, 91):
            a_month(retour, first_day, bad_rate=0.6)
            refresh(settings, retour)

        assert told(retour) == ["sku.flagged", "sku.answer_weighed"]


def told(retour: Retour) -> list[str]:
    return [each.type for each in conclusions(retour) if each.subject == BAD_SKU]


def says(retour: Retour, answer: type[Payload], *, days: int, **said: str) -> str:
    """A buyer's answer to the only flag, so many days after the shop's first; its id."""
    (of,) = (each for each in conclusions(retour) if each.type == "sku.flagged")
    body = answer.model_validate({"sku": BAD_SKU, "flag_id": of.id, **said})
    event = at(days, body, Actor("buyer", "s-1"))
    append(retour, [event])
    return str(event.id)


def at(days: int, said: Payload, actor: Actor) -> Event:
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days)
    return Event(SystemIds().event_id(moment), "test", BAD_SKU, moment, said, actor)
