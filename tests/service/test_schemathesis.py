"""Whatever fits the API's description, and much that does not, with each role's key: answers as described, no fault of ours."""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from house import House
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from migrated import open_migrated
from policy_with import ALL_PASSES, policy_with
from rivals import flag
from stories import NOON

from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.auth import SCOPES
from service.platform.clock import VirtualClock
from service.platform.ids import SystemIds

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of the tool's own making
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 30
# The role that an endpoint is for comes up most often; the others must be refused in good order.
ANYBODY = st.sampled_from(["admin", "admin", "admin", *sorted(SCOPES)])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A shop in which something of everything is under way."""
    db = open_migrated(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'retour.db'}")
    clock = VirtualClock(NOON)
    retour = Retour(
        db, policy_with(ALL_PASSES), RulesOnly(), clock, SystemIds(), secret=b"a test's secret"
    )
    with House(retour, clock) as house:
        yield house
    db.dispose()


@pytest.fixture(scope="module")
def real(house: House) -> dict[str, list[str]]:
    """Names of things that are there, by what the API calls them: else no path leads anywhere."""
    house.begin_late(1, email="anna@example.org")
    house.does("reviewer", "question", question="Why?")
    rmas = [house.rma]
    for prepare in (
        _nothing,
        house.arrive,
        _inspected(house, "failed"),
        _inspected(house, "passed"),
    ):
        house.put_order(f"O-{len(rmas)}", country="US")
        house.put_parcel(f"O-{len(rmas)}")
        lines = [{"line_no": 1, "quantity": 1, "reason": "defect"}]
        house.rma = house.apply(order_id=f"O-{len(rmas)}", lines=lines).json()["rma"]
        house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        prepare()
        rmas.append(house.rma)
    case = {"kind": "complaint", "rma": house.rma, "text": "Why?"}
    case_id = house.call("after_sales", "POST", "/v1/cases", json=case).json()["case_id"]
    parcel = house.call("inspector", "POST", "/v1/parcels", json={}).json()
    member = {"role": "reviewer", "name": "Lin", "languages": ["zh"], "capacity": 5}
    house.call("admin", "PUT", "/v1/staff/s-07", json=member)
    house.retour.conclusions.append([flag("MUG")])
    return {
        "rma": rmas,
        "order_id": ["A-1", "O-1"],
        "delivery_id": ["1"],
        "sku": ["MUG"],
        "line_no": ["1"],
        "case_id": [case_id],
        "refund_id": [house.refund_id()],
        "parcel_id": [parcel["parcel_id"]],
        "staff_id": ["s-07"],
        "flag_id": [house.retour.flags.listed()[0].flag_id],
        "token": [house.retour.context.proofs.make("survey", rmas[-1]).token],
        "text_ref": [house.call("admin", "GET", f"/v1/cases/{case_id}").json()["text_ref"]],
    }


def _nothing() -> None:
    """As it is."""


def _inspected(house: House, outcome: str) -> Callable[[], object]:
    return lambda: (house.arrive(), house.find(outcome, grade="B"))


@pytest.fixture(scope="module")
def described(house: House) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", house.client.app)


@pytest.mark.parametrize("only", ["GET", "PUT", "POST", "DELETE"])
def test_every_answer_is_as_described_whatever_comes(
    house: House, real: dict[str, list[str]], described: Any, only: str
) -> None:
    operations = [each.ok() for each in described.get_all_operations()]
    answered: set[int] = set()

    for operation in operations:
        if operation.method.upper() == only:
            answered |= _answers(house, real, operation)

    assert 200 in answered or only == "DELETE"
    assert {403, 422} <= answered


def _answers(house: House, real: dict[str, list[str]], operation: Any) -> set[int]:
    answered: set[int] = set()
    cases = [operation.as_strategy(mode) for mode in GenerationMode]

    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(cases), role=ANYBODY, is_real=st.integers(0, 3), pick=st.integers(0, 9))
    def ask(case: Any, role: str, is_real: int, pick: int) -> None:
        if is_real:
            _lead_somewhere(case, real, pick)
        answer = case.call(headers=_headers(house, role, case))
        case.validate_response(answer, checks=CHECKS)
        answered.add(answer.status_code)

    ask()
    return answered


def _lead_somewhere(case: Any, real: dict[str, list[str]], pick: int) -> None:
    """Names in the path, and those of the body that are names, become those of real things."""
    for place in (case.path_parameters, case.body):
        if isinstance(place, dict):
            for name in set(place) & set(real):
                if name != "line_no" or place is case.path_parameters:
                    place[name] = real[name][pick % len(real[name])]


def _headers(house: House, role: str, case: Any) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {house._keys[role]}"}
    rma = (case.path_parameters or {}).get("rma")
    if rma:
        headers["Retour-Customer"] = house.retour.customers.return_token(str(rma)).token
    return headers
