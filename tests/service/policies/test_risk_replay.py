"""The approval step of past requests under another policy: by the model that decides now, and by the same lots."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from policy_with import policy_with
from risk_shelf import AS_OF, promote, put_model
from service_shop import Shop

from models.risk import registry, suspension
from service.domain.events import Actor, RecordedEvent, ReturnAssessed
from service.domain.policy import Policy
from service.policies import default_policy
from service.policies.replay import replay
from service.policies.risk_replay import NotReplayed, RiskReplay, RiskReplayed

BERLIN = ZoneInfo("Europe/Berlin")
REQUESTS = 5
NO_LOTS = {
    "audit.share": 0.0,
    "audit.blind_share": 0.0,
    "audit.unexplained_share": 0.0,
    "audit.doubt_share": 0.0,
}
IN_FORCE = policy_with(NO_LOTS)

Ask = Callable[..., RiskReplayed]


def other(**changes: Any) -> Policy:
    """The policy in force with these changes; `__` stands for a dot."""
    return policy_with({**NO_LOTS, **{name.replace("__", "."): changes[name] for name in changes}})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A registry in which nobody decides yet."""
    return tmp_path / "risk"


@pytest.fixture
def ask(shop: Shop, root: Path) -> Ask:
    """Returns of one mug each, asked under the policy in force and under another."""
    shop.put_product(price_minor=2000, currency="EUR").raise_for_status()
    for number in range(REQUESTS):
        customer = f"customer {number}"
        shop.put_order(f"A-{number}", country="US", customer=customer).raise_for_status()
        shop.put_parcel(f"A-{number}").raise_for_status()
        shop.clock.move_to(shop.clock.now() + timedelta(hours=1))
        shop.apply(order_id=f"A-{number}", customer=customer).raise_for_status()

    def replayed(candidate: Policy, in_force: Policy = IN_FORCE) -> RiskReplayed:
        risk = RiskReplay(root, in_force, candidate)
        replay(shop.retour.context.db, in_force, candidate, BERLIN, risk=risk)
        return risk.replayed

    return replayed


def log_of(shop: Shop) -> list[RecordedEvent]:
    return shop.retour.read_log(0, 1000)


def with_model(root: Path, *, early: float | None = None, threshold: float = 0.2) -> None:
    """A model decides that lets one line pass, and pays early up to this score."""
    actions = {"refund_early": {"threshold": early}, "inspect_basic": {"threshold": 0.2}}
    promote(root, put_model(root, threshold=threshold, actions=actions))


class TestWithAModel:
    def test_the_same_policy_changes_nothing(self, ask: Ask, root: Path) -> None:
        with_model(root)

        found = ask(default_policy(), default_policy())

        assert (found.deciding, found.asked, found.changed) == ("model", REQUESTS, 0)
        assert found.before == found.after

    def test_who_is_paid_early_is_the_policy_s_as_far_as_the_certificate_goes(
        self, ask: Ask, root: Path
    ) -> None:
        with_model(root, early=0.2)

        found = ask(other(risk__early_refund__allowed=False))

        assert (found.before["early"], found.after["early"]) == (REQUESTS, 0)
        assert (found.changed, found.not_replayed) == (REQUESTS, ())

    def test_a_tighter_cap_than_is_proven_leaves_it_to_the_rules_at_once(
        self, ask: Ask, root: Path
    ) -> None:
        with_model(root)
        tight = {"risk__abuse_cap": 0.005, "audit__bootstrap_share": 0.0}

        found = ask(other(**tight, risk__unscored_up_to_minor={}))

        assert found.before == {"passed": REQUESTS}
        assert found.after == {"reviewed": REQUESTS}
        assert found.not_replayed == ()

    def test_the_lots_are_the_policy_s(self, ask: Ask, root: Path) -> None:
        with_model(root)

        audited, blind = ask(other(audit__share=1.0)), ask(other(audit__blind_share=1.0))

        assert audited.after == {"passed": REQUESTS, "full": REQUESTS, "audited": REQUESTS}
        assert blind.after == {"reviewed": REQUESTS, "full": REQUESTS, "blind": REQUESTS}
        assert audited.before == blind.before == {"passed": REQUESTS}

    def test_the_lot_of_doubts_is_the_policy_s(self, ask: Ask, root: Path) -> None:
        promote(root, put_model(root, threshold=0.0001))

        found = ask(other(audit__doubt_share=1.0))

        assert found.before == {"reviewed": REQUESTS, "full": REQUESTS}
        all_drawn = ("passed", "full", "audited", "doubted")
        assert found.after == dict.fromkeys(all_drawn, REQUESTS)

    def test_more_of_a_lot_draws_those_too_that_less_of_it_drew(self, ask: Ask, root: Path) -> None:
        """The same lot for both policies: otherwise their difference would be chance."""
        with_model(root)

        found = ask(other(audit__share=0.6), other(audit__share=0.4))

        assert found.changed == found.after["audited"] - found.before["audited"]

    def test_what_a_rule_declines_is_asked_of_nobody(self, ask: Ask, root: Path) -> None:
        with_model(root)
        late = {"window.days": 0, "window.late": "decline"}

        found = ask(policy_with({**NO_LOTS, **late, "fees.shop_fault_reasons": []}))

        assert found.after == {"declined": REQUESTS}

    def test_while_it_is_suspended_the_policy_says_who_decides(self, ask: Ask, root: Path) -> None:
        with_model(root)
        (version,) = registry.versions(root)
        suspension.suspend(root, version, at=AS_OF, cause="drift", by="pipeline", reason="moved")

        found = ask(other(risk__if_suspended="review"))

        assert found.deciding == "suspended"
        assert (found.before["reviewed"], found.after) == (0, {"reviewed": REQUESTS})

    def test_a_tighter_limit_on_links_sends_those_beyond_it_to_people(
        self, ask: Ask, root: Path, shop: Shop
    ) -> None:
        with_model(root)
        for order, customer in (("B-0", "customer 0"), ("B-1", "customer 1")):
            said = {"country": "US", "customer": customer, "identity": {"device": "the same"}}
            shop.put_order(order, **said).raise_for_status()
        shop.put_parcel("B-1").raise_for_status()
        shop.apply(order_id="B-1", customer="customer 1").raise_for_status()

        found = ask(other(risk__links__device=0))

        assert found.before == {"passed": REQUESTS + 1}
        assert found.after == {"passed": REQUESTS, "reviewed": 1, "full": 1}
        assert (found.changed, found.not_replayed) == (1, ())

    def test_what_acts_in_training_alone_is_told_and_not_replayed(
        self, ask: Ask, root: Path
    ) -> None:
        with_model(root)

        found = ask(
            other(
                risk__abuse_cap=0.02,
                risk__basic_inspection__abuse_cap=0.05,
                risk__early_refund__allowed=False,
                risk__delay_day_minor={"EUR": 1},
            )
        )

        assert found.changed == 0
        assert NotReplayed("abuse_cap", "0.01", "0.02") in found.not_replayed
        assert NotReplayed("basic_inspection.abuse_cap", "0.01", "0.05") in found.not_replayed
        assert {each.name for each in found.not_replayed} == {
            "abuse_cap",
            "basic_inspection.abuse_cap",
            "delay_day_minor",
        }

    def test_what_was_not_seen_of_a_request_cannot_be_asked(
        self, ask: Ask, root: Path, shop: Shop
    ) -> None:
        """Assessments of an earlier release did not log all that a model looks at now."""
        with_model(root)
        said = next(each for each in log_of(shop) if each.type == ReturnAssessed.type)
        earlier = ReturnAssessed.model_validate_json(said.data).model_copy(update={"features": []})
        with shop.retour.context.transaction() as transaction:
            transaction.emit(earlier.rma, earlier, Actor("system"))

        found = ask(other())

        assert (found.asked, found.unseen) == (REQUESTS - 1, 1)


class TestWithoutOne:
    def test_the_bootstrap_lot_is_the_policy_s(self, ask: Ask) -> None:
        found = ask(other(audit__bootstrap_share=1.0), other(audit__bootstrap_share=0.0))

        assert (found.deciding, found.model) == ("no_model", None)
        assert found.after["audited"] == REQUESTS
        assert found.before["audited"] == 0

    def test_up_to_which_value_requests_pass_is_the_policy_s(self, ask: Ask) -> None:
        """A mug of 12.90."""
        without_lot: dict[str, Any] = {"audit__bootstrap_share": 0.0}
        little, enough = ({"EUR": minor} for minor in (1289, 1290))

        found = ask(
            other(**without_lot, risk__unscored_up_to_minor=little),
            other(**without_lot, risk__unscored_up_to_minor=enough),
        )

        assert (found.before, found.after) == ({"passed": REQUESTS}, {"reviewed": REQUESTS})
