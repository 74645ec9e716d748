"""Refusals are read by customers too: what a shop's app shows of them is in their language."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from house import House
from service_shop import ORDER

import service.api  # noqa: F401  # loads every noun with its problems
from service.platform.language import chinese
from service.platform.problems import Problem

IN_CHINESE = {"Accept-Language": "zh-CN,en;q=0.5"}
Refused = Callable[[House, dict[str, str]], httpx.Response]


def ask(path: str, verb: str = "POST", **body: object) -> Refused:
    """A request of the storefront about the return: `{rma}` is its number, or about an order."""

    def refused(house: House, headers: dict[str, str]) -> httpx.Response:
        own = {"Retour-Customer": house.token, **headers}
        json = {"json": body} if verb == "POST" else {}
        return house.call("storefront", verb, path.format(rma=house.rma), headers=own, **json)

    return refused


def with_token(token: str) -> Refused:
    def refused(house: House, headers: dict[str, str]) -> httpx.Response:
        own = {"Retour-Customer": token} if token else {}
        return house.call("storefront", "GET", f"/v1/returns/{house.rma}", headers=own | headers)

    return refused


def of_order(path: str, quantity: int, line_no: int = 1, order_id: str = "A-1") -> Refused:
    line = {"line_no": line_no, "quantity": quantity}
    reason = {} if path == "/v1/withdrawals" else {"reason": "defect"}
    return ask(path, order_id=order_id, customer=ORDER["customer"], lines=[{**line, **reason}])


REFUSALS: dict[str, Refused] = {
    "unknown-return": ask("/v1/returns/R0000", "GET"),
    "unknown-return-line": ask("/v1/returns/{rma}/cancellation", lines=[9]),
    "changed-meanwhile": ask("/v1/returns/{rma}/cancellation", version=7),
    "not-possible-now": ask("/v1/returns/{rma}/human-review"),
    "more-than-delivered": of_order("/v1/returns", 9),
    "unknown-order": of_order("/v1/returns", 1, order_id="A-2"),
    "unknown-order-line": of_order("/v1/returns", 1, line_no=7),
    "no-withdrawal": of_order("/v1/withdrawals", 1),
    "no-such-day": ask("/v1/returns/{rma}/shipment", method="pickup", pickup_day="2026-01-01"),
    "customer-token-for-another": ask("/v1/cases/case_7", "GET"),
    "customer-token-missing": with_token(""),
    "customer-token-not-valid": with_token("WyJ4Il0.x"),
    "invalid-request": ask("/v1/returns"),
}


def kinds(of: type[Problem] = Problem) -> Iterator[type[Problem]]:
    yield of
    for each in of.__subclasses__():
        yield from kinds(each)


class TestInTheCustomersLanguage:
    def test_every_kind_of_problem_has_its_chinese(self) -> None:
        assert [each.title for each in kinds() if each.title not in chinese()] == []

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("slug", REFUSALS)
    def test_title_and_detail_are_said_in_it(self, house: House, slug: str) -> None:
        house.begin()
        refused = REFUSALS[slug]

        english = refused(house, {}).json()
        translated = refused(house, IN_CHINESE).json()

        assert english["type"] == translated["type"] == f"/problems/{slug}"
        assert not re.search(r"[\u4e00-\u9fff]", english["title"] + english["detail"])
        assert re.search(r"[\u4e00-\u9fff]", translated["title"])
        if slug != "invalid-request":  # what is wrong with a field is for whoever programs the app
            assert re.search(r"[\u4e00-\u9fff]", translated["detail"])
            figures = re.findall(r"\d+", english["detail"])
            assert sorted(re.findall(r"\d+", translated["detail"])) == sorted(figures)
