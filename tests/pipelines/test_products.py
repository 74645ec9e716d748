"""A flag's life in the log: raised, cleared, raised again; and the same row before and after its event was read."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from small_shop import BAD_SKU, a_month, small_shop

from pipelines.publish.manifest import Publication
from pipelines.steps import run_steps
from retour.settings import Settings
from service.application import Retour
from service.domain.events import RecordedEvent

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
