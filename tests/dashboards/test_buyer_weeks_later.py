"""From a batch that breaks to a buyer who ends it: found on Monday, acted upon, and some weeks later the card says so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from buyers_service import serving
from migrated import open_migrated
from playwright.sync_api import expect
from policy_with import ALL_PASSES, policy_with
from shown_pages import a_tab, dashboards, open_page
from small_shop import BAD_SKU, a_month, append, small_shop
from without_dagster import run_steps

from retour.settings import Settings
from service.application import Retour
from service.domain.events import Actor, Event, Payload, ProductUpserted, SurveyAnswered, SurveySent
from service.domain.risk import RulesOnly
from service.platform import texts
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds
from service.staff.schemas import StaffBody

pytestmark = [pytest.mark.slow, pytest.mark.browser]

FIRST_DAY = datetime(2024, 1, 1, 9, tzinfo=UTC)
USUAL, BROKEN = 0.04, 0.5
COMMENTS = 160  # of the oldest returns, so that those of the second batch are among them


@dataclass(frozen=True, slots=True)
class Weeks:
    """A shop whose weeks pass when they are told to."""

    settings: Settings
    retour: Retour
    clock: VirtualClock

    def sell(self, months: range, rate: float, batch: str) -> None:
        """Months of thirty days in which the batch is sold and comes back at a rate."""
        self.clock.move_to(FIRST_DAY + timedelta(days=30 * months.stop))
        begun = FIRST_DAY + timedelta(days=30 * months.start, hours=-1)
        self._tell(BAD_SKU, begun, _of_batch(batch))
        for month in months:
            a_month(self.retour, 30 * month, bad_rate=rate, names_orders=True)

    def write(self, said: str, usual: str) -> None:
        """Customers write of what they returned: of the bad product one thing, of all others another."""
        log = list(self.retour.read_log(0, 1_000_000))
        for event in [each for each in log if each.type == "return.requested"][:COMMENTS]:
            self._comment(event.subject, said if f'"{BAD_SKU}"' in event.data else usual)

    def _comment(self, rma: str, said: str) -> None:
        moment = self.clock.now()
        with self.retour.context.db.write() as connection:
            stored = texts.StoredText(said, "comment", moment)
            text_ref = texts.write(connection, self.retour.context.ids, stored)
        self._tell(rma, moment, SurveySent(rma=rma))
        self._tell(rma, moment, SurveyAnswered(rma=rma, csat=2, tags=[], text_ref=text_ref))

    def _tell(self, subject: str, moment: datetime, said: Payload) -> None:
        append(
            self.retour,
            [Event(SystemIds().event_id(moment), "test", subject, moment, said, Actor("shop"))],
        )

    def refresh(self) -> None:
        run_steps(self.settings, self.retour, self.clock.now())


def _of_batch(batch: str) -> ProductUpserted:
    return ProductUpserted(
        sku=BAD_SKU, title="Enamel mug", category="all", price_minor=1000, currency="EUR", lot=batch
    )


@pytest.fixture
def weeks(settings: Settings) -> Iterator[Weeks]:
    settings.var_dir.mkdir()
    clock = VirtualClock(FIRST_DAY)
    db = open_migrated(settings.database)
    policy = policy_with(ALL_PASSES)
    retour = Retour(db, policy, RulesOnly(), clock, SystemIds(), secret=b"a test's")
    small_shop(settings, days=0)
    yield Weeks(settings, retour, clock)
    db.dispose()


def test_a_buyer_finds_the_batch_acts_and_weeks_later_the_card_says_that_it_worked(
    weeks: Weeks, tmp_path: Path, chromium: str
) -> None:
    weeks.sell(range(2), USUAL, "2024-01")
    weeks.sell(range(2, 4), BROKEN, "2024-03")
    weeks.write("Handle broke off", "Changed my mind")
    weeks.refresh()
    hired = {"role": "buyer", "name": "Li", "languages": ["zh"], "capacity": 5}
    weeks.retour.staff.put("s-1", StaffBody.model_validate(hired))
    key = weeks.retour.staff.create_key("s-1", "buyer", "Li's")

    with (
        serving(weeks.retour) as (service, _),
        dashboards(tmp_path, service) as address,
        a_tab(chromium) as tab,
    ):
        open_page(tab, address, "problem_products", lang="en")
        row = tab.locator("[class*=st-key-row-]").first
        expect(row).to_contain_text("batch 2024-03")
        row.get_by_role("button", name="Enamel mug").click()
        expect(tab.get_by_text("handle broke off", exact=True)).to_be_visible()

        tab.get_by_role("textbox", name="Your API key").fill(key)
        tab.get_by_role("button", name="Use this key").click()
        tab.get_by_role("button", name="Tell that this is done").click()
        expect(tab.get_by_text("Stands as acted on")).to_be_visible()

        weeks.sell(range(4, 6), USUAL, "2024-05")
        weeks.refresh()

        open_page(tab, address, "problem_products", lang="en", sku=BAD_SKU)
        expect(tab.get_by_text(re.compile("✓ Claim from the supplier.*worked"))).to_be_visible()
        expect(tab.get_by_text("is not flagged any more")).to_be_visible()
