"""A product that stands as defective: whoever claims a defect is asked for a photo, and told why."""

from datetime import timedelta
from typing import Any

import pytest
from flagging import answer, clear, raise_flag
from house import House
from policy_with import ALL_PASSES, policy_with
from service_shop import MAIL

from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import VirtualClock
from service.platform.db import Database
from service.platform.ids import SystemIds

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WHY = "Other customers found a defect"


def ways(house: House, language: str = "en") -> list[dict[str, Any]]:
    """How the mugs of the order may come back, as staff see it."""
    headers = {"Accept-Language": language}
    told = house.call("reviewer", "GET", "/v1/orders/A-1/eligibility", headers=headers)
    found: list[dict[str, Any]] = told.json()["lines"][0]["ways"]
    return found


def asked(house: House) -> bool:
    """Whether a defect needs a photo, as the order's ways say and as an application meets it; the two must agree."""
    told = any(
        "defect" in way["evidence_reasons"] for way in ways(house) if way["kind"] == "return"
    )
    house.ask_back()
    is_reviewed = house.state == "under_review"
    assert told == is_reviewed
    return told


@pytest.fixture
def bought(house: House) -> House:
    """Mugs that were sold of batch L2; their withdrawal is over."""
    house.put_product(lot="L1")
    house.clock.move_to(house.clock.now() + timedelta(days=1))
    house.put_product(lot="L2")
    house.clock.move_to(house.clock.now() + timedelta(days=1))
    assert house.put_order(placed_at=house.clock.now().isoformat(), country="US").is_success
    house.clock.move_to(house.clock.now() + timedelta(days=1))
    assert house.put_parcel(delivered_at=house.clock.now().isoformat()).is_success
    house.put_product(lot="L3")
    return house


class TestWhoClaimsADefect:
    def test_of_a_sound_product_is_not_asked(self, bought: House) -> None:
        assert not asked(bought)

    def test_of_a_flagged_product_is_asked_and_goes_to_a_person(self, bought: House) -> None:
        raise_flag(bought, stream="defect")

        assert asked(bought)

    @pytest.mark.parametrize(("lot", "is_asked"), [("L1", False), ("L2", True), ("L3", False)])
    def test_of_a_flagged_batch_is_asked_where_that_one_was_sold(
        self, bought: House, lot: str, is_asked: bool
    ) -> None:
        raise_flag(bought, stream="defect", culprit_dimension="lot", culprit_value=lot)

        assert asked(bought) == is_asked

    def test_of_a_batch_that_nobody_knows_is_asked(self, house: House) -> None:
        raise_flag(house, stream="defect", culprit_dimension="lot", culprit_value="L2")
        house.put_order(country="US")
        house.put_parcel()

        assert asked(house)

    def test_of_what_is_flagged_for_its_size_is_not_asked(self, bought: House) -> None:
        raise_flag(bought, stream="size_fit")

        assert not asked(bought)

    def test_is_not_asked_any_more_once_the_flag_is_cleared_or_dismissed(
        self, bought: House
    ) -> None:
        raised = raise_flag(bought, stream="defect")
        answer(bought, raised.id, "dismissal", 1)
        assert not asked(bought)
        raise_flag(bought, stream="defect")
        clear(bought)

        assert not asked(bought)

    def test_is_told_why_before_and_after_in_their_language(self, bought: House) -> None:
        raise_flag(bought, stream="defect")

        (way,) = (each for each in ways(bought) if each["kind"] == "return")
        (chinese,) = (each for each in ways(bought, "zh") if each["kind"] == "return")
        bought.ask_back()

        assert any(WHY in each for each in way["conditions"])
        assert "For a defect we need a photo." in way["conditions"]
        assert any("其他顾客" in each for each in chinese["conditions"])
        assert WHY in str(bought.look())


class TestOthers:
    def test_who_changed_their_mind_is_not_asked(self, bought: House) -> None:
        raise_flag(bought, stream="defect")

        bought.ask_back(reason="changed_mind")

        assert bought.state != "under_review"

    def test_a_withdrawal_needs_no_photo(self, house: House) -> None:
        raise_flag(house, stream="defect")

        house.begin_withdrawal()

        assert house.state != "under_review"

    def test_a_shop_may_leave_it(self, db: Database, clock: VirtualClock) -> None:
        policy = policy_with({**ALL_PASSES, "rules.evidence.flagged_defects": False})
        retour = Retour(db, policy, RulesOnly(), clock, SystemIds(), secret=b"a test's secret")
        with House(retour, clock) as house:
            house.put_order(country="US", email=MAIL)
            house.put_parcel()
            raise_flag(house, stream="defect")

            assert not asked(house)
            assert WHY not in str(ways(house))
