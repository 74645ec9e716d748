"""A buyer acts on a flagged product: published is what was done, by whom, and in time whether it helped."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from rivals import flag
from small_shop import BAD_SKU, a_month, a_return, append, small_shop
from without_dagster import run_steps

from pipelines.publish.manifest import Publication
from retour.settings import Settings
from service.application import Retour
from service.domain.events import Actor, Event, Payload, SkuActionTaken, SkuAssigned
from service.domain.flags import STEPS
from service.flags.schemas import AcknowledgeBody, ActionBody, AssignBody, DismissBody
from service.platform.ids import SystemIds
from service.staff.schemas import StaffBody

pytestmark = pytest.mark.slow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY_120 = datetime(2024, 4, 30, 20, tzinfo=UTC)
BUYER = Actor("buyer", "s-1")


@pytest.fixture
def retour(settings: Settings) -> Retour:
    return small_shop(settings)


def refresh(settings: Settings, retour: Retour, mart: str = "sku_actions") -> list[dict[str, Any]]:
    """A mart as published after one refresh."""
    run_steps(settings, retour, NOW)
    publication = Publication.load(settings.published_dir)
    assert publication
    files = publication.marts[mart].files
    return pl.concat(
        pl.read_parquet(settings.published_dir / each.path) for each in files
    ).to_dicts()


def flag_id(retour: Retour) -> str:
    (event,) = (each for each in retour.read_log(0, 1_000_000) if each.type == "sku.flagged")
    return event.id


def does(retour: Retour, said: Payload, days: int = 0) -> None:
    moment = DAY_120 + timedelta(days=days)
    append(
        retour,
        [Event(SystemIds().event_id(moment), "test", BAD_SKU, moment, said, BUYER)],
    )


class TestActions:
    def test_nobody_acted_and_the_mart_is_empty(self, settings: Settings, retour: Retour) -> None:
        assert refresh(settings, retour) == []

    def test_a_cure_shows_in_time_and_not_before(self, settings: Settings, retour: Retour) -> None:
        refresh(settings, retour)
        of = flag_id(retour)
        does(retour, SkuAssigned(sku=BAD_SKU, flag_id=of, owner_key="s-2"))
        does(retour, SkuActionTaken(sku=BAD_SKU, flag_id=of, action="supplier_claim"), 0)

        (early,) = refresh(settings, retour)
        for month in range(3):
            a_month(retour, 121 + 30 * month, bad_rate=0.04)
        (late,) = refresh(settings, retour)

        told = next(each for each in retour.read_log(0, 1_000_000) if each.id == of)
        assert early["lift_before"] == json.loads(told.data)["lift"]
        assert (early["taken_by"], early["assigned_to"]) == ("s-1", "s-2")
        assert (early["verdict"], early["weeks_after"]) == ("too_early", 0)
        assert late["compared"] == "returned_after"  # this shop's returns name no order
        assert (late["verdict"], late["weeks_after"]) == ("worked", 12)
        assert late["lift_after_high"] < late["lift_before"]

    def test_where_returns_name_their_orders_those_of_later_sales_are_compared(
        self, settings: Settings
    ) -> None:
        """All comes back within minutes here, so the weeks of sale and of return are the same ones."""
        retour = small_shop(settings, names_orders=True)
        refresh(settings, retour)
        said = SkuActionTaken(sku=BAD_SKU, flag_id=flag_id(retour), action="supplier_claim")
        does(retour, said)
        for month in range(2):
            a_month(retour, 121 + 30 * month, bad_rate=0.04, names_orders=True)

        (row,) = refresh(settings, retour)

        assert (row["compared"], row["verdict"]) == ("sold_after", "worked")
        assert row["returns_after"] == _units_from(settings, date(2024, 5, 6))

    def test_what_was_done_in_one_week_is_measured_together(
        self, settings: Settings, retour: Retour
    ) -> None:
        refresh(settings, retour)
        of = flag_id(retour)
        does(retour, SkuActionTaken(sku=BAD_SKU, flag_id=of, action="size_note"))
        does(retour, SkuActionTaken(sku=BAD_SKU, flag_id=of, action="supplier_claim"), 1)
        a_month(retour, 121, bad_rate=0.5)
        does(retour, SkuActionTaken(sku=BAD_SKU, flag_id=of, action="fix_listing"), 30)

        rows = {each["action"]: each for each in refresh(settings, retour)}

        first, second, later = (
            rows[each] for each in ("size_note", "supplier_claim", "fix_listing")
        )
        assert first["verdict"] == second["verdict"] == "did_not"
        assert first["returns_after"] == second["returns_after"] > 0
        assert later["verdict"] == "too_early"

    def test_expected_is_what_the_lift_of_the_flag_was_measured_against(
        self, settings: Settings, retour: Retour
    ) -> None:
        told = flag(BAD_SKU)
        said = told.data.model_copy(update={"own_level": 2.5})
        raised = replace(told, data=said, time=DAY_120)
        retour.conclusions.append([raised])
        does(retour, SkuActionTaken(sku=BAD_SKU, flag_id=str(raised.id), action="size_note"))
        a_month(retour, 121, bad_rate=0.04)

        (row,) = refresh(settings, retour)

        ahead = _weeks_from(settings, date(2024, 5, 6))["units_expected"].sum()
        assert row["expected_after"] == pytest.approx(2.5 * ahead)

    def test_what_did_not_help_is_told_too_and_the_next_action_is_measured_by_itself(
        self, settings: Settings, retour: Retour
    ) -> None:
        refresh(settings, retour)
        of = flag_id(retour)
        does(retour, SkuActionTaken(sku=BAD_SKU, flag_id=of, action="size_note"))
        a_month(retour, 121, bad_rate=0.5)
        does(retour, SkuActionTaken(sku=BAD_SKU, flag_id=of, action="fix_listing"), 30)
        a_month(retour, 151, bad_rate=0.5)

        rows = {each["action"]: each for each in refresh(settings, retour)}

        assert rows["size_note"]["verdict"] == rows["fix_listing"]["verdict"] == "did_not"
        came = sum(each["returns_after"] for each in rows.values())
        assert came == _units_from(settings, date(2024, 5, 6))


class TestFlags:
    def test_stand_in_the_mart_where_the_service_has_them(
        self, settings: Settings, retour: Retour
    ) -> None:
        hired = {"role": "buyer", "name": "Li", "languages": ["zh"], "capacity": 5}
        retour.staff.put("s-2", StaffBody.model_validate(hired))
        _come_back_too_often(retour, range(1, 8))
        refresh(settings, retour)
        flags = retour.flags
        ids = {each.sku: each.flag_id for each in flags.listed()}
        flags.acknowledge(ids["SKU-02"], AcknowledgeBody(version=1), BUYER)
        flags.act(ids["SKU-03"], ActionBody(version=1, action="mark_down"), BUYER)
        again = ActionBody(version=2, action="stop_buying")
        flags.act(ids["SKU-03"], again, Actor("buyer", "s-3"))
        flags.dismiss(ids["SKU-04"], DismissBody(version=1, reason="too_small"), BUYER)
        note = ActionBody(version=2, action="size_note")
        flags.act(ids["SKU-04"], note, Actor("admin", "key_1"))
        flags.assign(ids["SKU-05"], AssignBody(version=1, owner="s-2"), BUYER)
        flags.dismiss(ids["SKU-05"], DismissBody(version=2, reason="expected"), BUYER)
        retour.conclusions.append([flag("SKU-06")])  # the one before gives way
        flags.act(ids["SKU-07"], ActionBody(version=1, action="fix_listing"), BUYER)
        flags.assign(ids["SKU-07"], AssignBody(version=2, owner="s-2"), BUYER)

        rows = refresh(settings, retour, "product_flags")

        known = [*flags.listed(), *flags.listed("cleared")]
        theirs = {each.flag_id: (each.sku, each.status, each.owner) for each in known}
        ours = {each["flag_id"]: (each["sku"], each["status"], each["owner_key"]) for each in rows}
        assert ours == theirs
        assert {each["status"] for each in rows} == set(STEPS)
        (acted,) = (each for each in rows if each["flag_id"] == ids["SKU-03"])
        assert (acted["action"], acted["owner_key"]) == ("stop_buying", "s-1")
        (dismissed,) = (each for each in rows if each["flag_id"] == ids["SKU-05"])
        assert dismissed["dismissal_reason"] == "expected"


def _come_back_too_often(retour: Retour, places: range) -> None:
    """Beside the small shop's bad product, these come back every day from its third month on."""
    morning = DAY_120 - timedelta(days=59, hours=8)
    append(
        retour,
        [
            a_return(
                f"M{place}-{day}", f"SKU-{place:02}", morning + timedelta(days=day, minutes=place)
            )
            for place in places
            for day in range(59)
        ],
    )


def _units_from(settings: Settings, first: date) -> int:
    """The product's returned units since a Monday, by the mart of weeks."""
    return int(_weeks_from(settings, first)["units_returned"].to_numpy().sum())


def _weeks_from(settings: Settings, first: date) -> pl.DataFrame:
    """The product's weeks since a Monday, of the mart of weeks."""
    publication = Publication.load(settings.published_dir)
    assert publication
    files = publication.marts["sku_weekly"].files
    weeks = pl.concat(pl.read_parquet(settings.published_dir / each.path) for each in files)
    return weeks.filter((pl.col("sku") == BAD_SKU) & (pl.col("week_start") >= first))
