"""What customers wrote of a problem product is published as phrases, and no more where too few of them are left."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from small_shop import BAD_SKU, a_return, append, small_shop
from sqlalchemy import select
from without_dagster import run_steps

from pipelines.publish.manifest import Publication
from retour.settings import Settings
from service.application import Retour
from service.domain.events import Actor, Event, Payload, SurveyAnswered, SurveySent
from service.platform import texts
from service.platform.access import access_log
from service.platform.ids import SystemIds

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATE = datetime(2024, 4, 29, 20, tzinfo=UTC)
# Anna sent two back, and said the same of both.
BROKEN = (
    ("anna", "The handle broke off on day 2"),
    ("bert", "Handle broke off!"),
    ("cleo", "Nice, but its handle broke off"),
    ("dora", "把手断了"),
    ("anna", "The handle broke off on day 2"),
)
USUAL = ("Too small for me.", "Changed my mind", "The colour is not mine")


@pytest.fixture
def retour(settings: Settings) -> Retour:
    """Four customers complain of the bad product, one of them twice; sixty say the usual of other products."""
    retour = small_shop(settings)
    returned = [each for each in retour.read_log(0, 1_000_000) if each.type == "return.requested"]
    good = [each.subject for each in returned if BAD_SKU not in each.data][-60:]
    for number, (customer, text) in enumerate(BROKEN):
        comment(retour, bad_return(retour, f"-bad-{number}", customer), text, customer)
    for place, rma in enumerate(good):
        comment(retour, rma, USUAL[place % len(USUAL)], f"someone-{place}")
    return retour


def key_of(retour: Retour, customer: str) -> str:
    with retour.context.db.write() as connection:
        return retour.context.identity.tokens(connection, {"customer": customer})["customer"]


def bad_return(retour: Retour, number: str, customer: str) -> str:
    """A customer sends the bad product back; the return."""
    event = a_return(number, BAD_SKU, LATE - timedelta(days=1))
    said = event.data.model_copy(update={"customer_key": key_of(retour, customer)})
    append(retour, [replace(event, data=said)])
    return event.subject


def comment(retour: Retour, rma: str, text: str, customer: str) -> None:
    """The customer answers the survey of a return."""
    written = texts.StoredText(text, "comment", LATE, key_of(retour, customer), rma)
    with retour.context.db.write() as connection:
        text_ref = texts.write(connection, retour.context.ids, written)
    said: tuple[Payload, ...] = (
        SurveySent(rma=rma),
        SurveyAnswered(rma=rma, csat=2, tags=[], text_ref=text_ref),
    )
    moments = (LATE, LATE + timedelta(minutes=1))
    append(
        retour,
        [
            Event(SystemIds().event_id(moment), "test", rma, moment, each, Actor("customer"))
            for each, moment in zip(said, moments, strict=True)
        ],
    )


def refresh(settings: Settings, retour: Retour) -> list[tuple[object, ...]]:
    run_steps(settings, retour, NOW)
    publication = Publication.load(settings.published_dir)
    assert publication
    files = publication.marts["sku_phrases"].files
    told = pl.concat(pl.read_parquet(settings.published_dir / each.path) for each in files)
    return told.select("sku", "language", "place", "phrase", "comments").rows()


def readings(retour: Retour) -> list[tuple[object, ...]]:
    with retour.context.db.read() as connection:
        return [
            (row.caller, row.staff_id, row.what, row.subject)
            for row in connection.execute(select(access_log))
        ]


def holds(folder: Path, words: str) -> bool:
    return any(words.encode() in each.read_bytes() for each in folder.rglob("*") if each.is_file())


class TestPhrases:
    def test_three_customers_words_are_published_and_nobodys_own(
        self, settings: Settings, retour: Retour
    ) -> None:
        assert refresh(settings, retour) == [(BAD_SKU, "en", 1, "handle broke off", 3)]
        assert not holds(settings.var_dir / "lake", "broke")
        assert not holds(settings.published_dir, "Nice, but")

    def test_what_falls_under_three_by_an_erasure_is_published_no_more(
        self, settings: Settings, retour: Retour
    ) -> None:
        refresh(settings, retour)

        retour.erasure.erase("cleo")

        assert refresh(settings, retour) == []

    def test_texts_are_read_once_for_each_change_and_that_is_noted(
        self, settings: Settings, retour: Retour
    ) -> None:
        refresh(settings, retour)
        refresh(settings, retour)
        once = ("retour/pipeline", None, "texts", "intermediate.sku_phrases: 64")
        assert readings(retour) == [once]

        retour.erasure.erase("someone-1")
        refresh(settings, retour)

        again = (*once[:3], "intermediate.sku_phrases: 63")
        assert readings(retour) == [once, again]
