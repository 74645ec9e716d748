"""Who may do what: every endpoint with every role's key; what a customer's token opens, and what guesses tell."""

from typing import Any

import pytest
from house import House
from service_shop import Shop

from service.platform.ids import format_rma

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROLES = (
    "shop", "storefront", "carrier", "reviewer", "inspector", "finance", "after_sales", "buyer", "admin",
)  # fmt: skip
_HOUSE = "reviewer inspector finance after_sales"
# Who may call each endpoint, besides the admin, who may call all. Written down here, and derived from nothing.
MAY: dict[str, str] = {
    "PUT /v1/products/{sku}": "shop",
    "PUT /v1/orders/{order_id}": "shop",
    "PUT /v1/orders/{order_id}/deliveries/{delivery_id}": "shop",
    "GET /v1/orders/{order_id}/eligibility": f"storefront {_HOUSE}",
    "POST /v1/customer-tokens": "storefront",
    "POST /v1/returns": "storefront after_sales",
    "POST /v1/withdrawals": "storefront after_sales",
    "POST /v1/withdrawals/confirmations": "storefront after_sales",
    "GET /v1/returns/{rma}": f"storefront {_HOUSE}",
    "POST /v1/returns/{rma}/cancellation": "storefront after_sales",
    "POST /v1/returns/{rma}/lines/{line_no}/choice": "storefront after_sales",
    "POST /v1/returns/{rma}/shipment": "storefront after_sales",
    "POST /v1/returns/{rma}/answer": "storefront after_sales",
    "POST /v1/returns/{rma}/scans": "carrier",
    "POST /v1/returns/{rma}/pickup-failure": "carrier",
    "POST /v1/returns/{rma}/loss": "after_sales finance",
    "GET /v1/returns/{rma}/reasons": f"storefront {_HOUSE}",
    "POST /v1/returns/{rma}/human-review": "storefront after_sales",
    "GET /v1/reviews": "reviewer",
    "POST /v1/returns/{rma}/decision": "reviewer",
    "POST /v1/returns/{rma}/keep": "reviewer",
    "POST /v1/returns/{rma}/question": "reviewer",
    "POST /v1/returns/{rma}/assignment": "reviewer",
    "POST /v1/parcels": "inspector",
    "POST /v1/parcels/{parcel_id}/match": "inspector",
    "POST /v1/returns/{rma}/inspections": "inspector",
    "POST /v1/returns/{rma}/lines/{line_no}/disposition": "inspector",
    "POST /v1/returns/{rma}/sent-back": "inspector",
    "GET /v1/stock/{sku}": "shop inspector",
    "POST /v1/stock/{sku}/moves": "shop inspector",
    "GET /v1/refunds": "finance",
    "POST /v1/refunds/{refund_id}/settlement": "finance",
    "POST /v1/refunds/{refund_id}/failure": "finance",
    "POST /v1/refunds/{refund_id}/other-means": "finance",
    "POST /v1/returns/{rma}/goodwill": "finance",
    "POST /v1/cases": "storefront after_sales",
    "GET /v1/cases": "reviewer finance after_sales",
    "GET /v1/cases/{case_id}": "storefront reviewer finance after_sales",
    "POST /v1/cases/{case_id}/messages": "storefront finance after_sales",
    "POST /v1/cases/{case_id}/closure": "finance after_sales",
    "POST /v1/cases/{case_id}/assignment": "finance after_sales",
    "GET /v1/flags": "shop buyer",
    "GET /v1/flags/{flag_id}": "shop buyer",
    "GET /v1/flags/{flag_id}/comments": "buyer",
    "POST /v1/flags/{flag_id}/acknowledgement": "buyer",
    "POST /v1/flags/{flag_id}/assignment": "buyer",
    "POST /v1/flags/{flag_id}/action": "buyer",
    "POST /v1/flags/{flag_id}/dismissal": "buyer",
    "GET /v1/texts/{text_ref}": "reviewer after_sales",
    "GET /v1/returns/{rma}/texts": _HOUSE,
    "GET /v1/staff": "",
    "PUT /v1/staff/{staff_id}": "",
    "PUT /v1/staff/{staff_id}/absence": "",
    "DELETE /v1/staff/{staff_id}/absence": "",
}
WITHOUT_A_KEY = {
    "GET /v1/surveys/{token}",
    "POST /v1/surveys/{token}",
    "GET /healthz",
    "GET /readyz",
}
PLACES = {
    "{rma}": "R00000-00000-0", "{line_no}": "1", "{order_id}": "O", "{delivery_id}": "1", "{sku}": "S",
    "{parcel_id}": "p", "{refund_id}": "r", "{case_id}": "c", "{text_ref}": "t", "{staff_id}": "s",
    "{flag_id}": "f",
}  # fmt: skip
ABOUT_SOMETHING = {"kind": "complaint", "rma": "R00000-00000-0", "text": "Why?"}


def call(shop: Shop, role: str, operation: str) -> Any:
    method, path = operation.split()
    for name, value in PLACES.items():
        path = path.replace(name, value)
    body = ABOUT_SOMETHING if operation == "POST /v1/cases" else {}
    return shop.call(role, method, path, **({} if method in ("GET", "DELETE") else {"json": body}))


class TestEveryEndpoint:
    @on_one_database
    def test_the_table_knows_them_all(self, shop: Shop) -> None:
        paths = shop.client.get("/openapi.json").json()["paths"]
        there = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}

        assert there - WITHOUT_A_KEY == set(MAY)

    @on_one_database
    @pytest.mark.parametrize("role", ROLES)
    def test_a_role_is_let_in_where_the_table_says_so_and_nowhere_else(
        self, shop: Shop, role: str
    ) -> None:
        let_in = {
            operation
            for operation in MAY
            if "/problems/not-allowed" not in call(shop, role, operation).text
        }

        allowed = {each for each, roles in MAY.items() if role in (*roles.split(), "admin")}
        assert let_in == allowed

    @on_one_database
    def test_without_a_key_nobody_is_let_in(self, shop: Shop) -> None:
        shop._keys["nobody"] = "rk_of_nobody"

        assert {call(shop, "nobody", operation).status_code for operation in MAY} == {401}


CUSTOMERS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", "", None),
    ("POST", "/cancellation", {}),
    ("POST", "/lines/1/choice", {"choice": "dispose"}),
    ("POST", "/shipment", {"method": "drop_off"}),
    ("POST", "/answer", {"answer": "Yes."}),
    ("GET", "/reasons", None),
    ("POST", "/human-review", {}),
)


class TestWhatATokenOpens:
    @on_one_database
    def test_a_customer_reaches_no_return_but_their_own_and_guesses_tell_nothing(
        self, house: House
    ) -> None:
        house.begin()
        theirs = house.rma
        house.put_order("B-1", customer="bert", country="US")
        house.put_parcel("B-1")
        own = house.apply(order_id="B-1", customer="bert").json()
        nobodys, head = format_rma(12_345), house.retour.log_head()
        tokens = [
            None,
            own["customer_token"],
            "forged",
            house.retour.customers.order_token("B-1").token,
        ]

        for token in tokens:
            headers = {"Retour-Customer": token} if token else {}
            for method, what, body in CUSTOMERS:
                told = [
                    house.call(
                        "storefront", method, f"/v1/returns/{rma}{what}", headers=headers,
                        **({} if body is None else {"json": body}),
                    )
                    for rma in (theirs, nobodys)
                ]  # fmt: skip
                assert {each.status_code for each in told} == {403}, (method, what)
                first, second = (
                    {k: v for k, v in each.json().items() if k != "request_id"} for each in told
                )
                assert first == second
            case = {"kind": "complaint", "rma": theirs, "text": "Why?"}
            answer = house.call("storefront", "POST", "/v1/cases", json=case, headers=headers)
            assert answer.status_code == 403
        assert house.retour.log_head() == head
