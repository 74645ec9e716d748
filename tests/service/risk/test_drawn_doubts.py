"""A model that doubts everybody, in the service: the lot lets pass what its score alone stops, and nothing else."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from migrated import open_migrated
from policy_with import policy_with
from risk_shelf import AS_OF, promote, put_model
from service_shop import Shop

from models.risk import suspension
from models.risk.score import MODEL
from service.application import Retour
from service.platform.clock import VirtualClock
from service.platform.ids import SeededIds
from service.risk.model_risk import ModelRisk

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOBODY_KNOWN = {"audit.bootstrap_share": 0.0, "risk.unscored_up_to_minor": {}}
KEEPS_SMALL = {"keep_item.up_to_minor": {"EUR": 50_000}}
Told = dict[str, Any]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A registry whose champion lets nobody pass."""
    root = tmp_path / "risk"
    promote(root, put_model(root, threshold=0.0001))
    return root


@pytest.fixture
def asked(root: Path, tmp_path: Path) -> Callable[..., list[Told]]:
    """What is said of so many applications from a country, each of another customer, under a policy with these changes."""

    @contextmanager
    def opened(changes: Told, risk: ModelRisk, seed: int) -> Iterator[Shop]:
        database = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        db, clock = open_migrated(f"sqlite:///{database}"), VirtualClock(NOON)
        policy = policy_with({**NOBODY_KNOWN, "audit.doubt_share": 1.0, **changes})
        with Shop(
            Retour(db, policy, risk, clock, SeededIds(seed), secret=b"a test's"), clock
        ) as it:
            yield it
        db.dispose()

    def asked(
        changes: Told | None = None,
        *,
        country: str = "US",
        times: int = 1,
        risk: ModelRisk | None = None,
        seed: int = 1,
    ) -> list[Told]:
        with opened(changes or {}, risk or ModelRisk(root), seed) as shop:
            for number in range(times):
                order, customer = f"A-{number}", f"{number}@example.com"
                shop.put_order(order, country=country, customer=customer).raise_for_status()
                shop.put_parcel(order).raise_for_status()
                shop.apply(order_id=order, customer=customer).raise_for_status()
            events = shop.retour.read_log(0, 10_000)
            types = {each.type for each in events}
            assert "return.declined" not in types
            told = [json.loads(each.data) for each in events if each.type == "return.assessed"]
            return [{**each, "types": types} for each in told]

    return asked


def test_what_it_doubts_passes_by_lot_and_is_inspected_in_full_before_it_is_paid(
    asked: Callable[..., list[Told]],
) -> None:
    (said,) = asked()

    assert (said["decision"], said["basis"], said["is_drawn_doubt"]) == ("approve", "model", True)
    assert (said["refund_on"], said["inspection"], said["is_audit"]) == ("inspected", "full", True)
    assert said["score"] > 0.0001
    assert "return.authorized" in said["types"]
    assert "review.opened" not in said["types"]


def test_the_lot_draws_the_policy_s_share_and_the_same_ones_again(
    asked: Callable[..., list[Told]],
) -> None:
    some = {"audit.doubt_share": 0.2}

    one, again = (
        [each["is_drawn_doubt"] for each in asked(some, times=80, seed=5)] for _ in range(2)
    )

    assert one == again
    assert 8 <= sum(one) <= 24


def test_its_goods_never_stay_with_the_customer_unseen(asked: Callable[..., list[Told]]) -> None:
    (said,) = asked(KEEPS_SMALL)

    assert said["is_drawn_doubt"]
    assert "line.keep_granted" not in said["types"]


def test_nor_do_those_that_are_drawn_for_an_audit(
    asked: Callable[..., list[Told]], tmp_path: Path
) -> None:
    """What is drawn to tell what the model lets pass must be seen, or the estimate speaks of the others alone."""
    nobody_decides = ModelRisk(tmp_path / "none")

    told = asked({**KEEPS_SMALL, "audit.bootstrap_share": 1.0, "risk.unscored_up_to_minor": {}}, risk=nobody_decides)  # fmt: skip
    kept = asked({**KEEPS_SMALL, "audit.bootstrap_share": 0.0, "risk.unscored_up_to_minor": {"USD": 50_000, "EUR": 50_000}}, risk=nobody_decides)  # fmt: skip

    assert [
        (each["is_audit"], "line.keep_granted" in each["types"]) for each in (*told, *kept)
    ] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"rules.value.auto_up_to_minor": {"EUR": 1}},
        {"rules.value.auto_up_to_minor": {}},
        {"rules.history.max_returns": 0},
        {"rules.evidence.reasons": ["defect"]},
        {"window.days": 0},
    ],
    ids=["value", "currency", "history", "evidence", "window"],
)
def test_what_a_rule_stops_is_never_drawn(asked: Callable[..., list[Told]], changes: Told) -> None:
    (said,) = asked(changes)

    assert (said["decision"], said["basis"], said["is_drawn_doubt"]) == ("review", "rules", False)
    assert (said["propensity"], said["approve_propensity"]) == (1.0, 0.0)


def test_where_the_law_pays_before_the_inspection_nothing_is_drawn(
    asked: Callable[..., list[Told]],
) -> None:
    (said,) = asked(country="DE")

    assert (said["decision"], said["basis"], said["is_drawn_doubt"]) == ("review", "model", False)


def test_a_model_that_is_not_heard_draws_nobody(
    asked: Callable[..., list[Told]], root: Path
) -> None:
    minutes = iter(range(0, 10_000, 60))
    (late,) = asked(risk=ModelRisk(root, timer=lambda: float(next(minutes))))
    version = str(late["model_version"])
    suspension.suspend(root, version, at=AS_OF, cause="by_hand", by="test", reason="to see")
    (suspended,) = asked()
    (to_people,) = asked({"risk.if_suspended": "review"})
    suspension.resume(root, version)
    (root / version / MODEL).write_text("{}", encoding="utf-8")
    (unavailable,) = asked()

    told = [late, suspended, to_people, unavailable]
    assert [each["basis"] for each in told] == ["late", "suspended", "suspended", "unavailable"]
    assert {each["decision"] for each in told} == {"review"}
    assert not any(each["is_drawn_doubt"] for each in told)
