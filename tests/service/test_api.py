import asyncio
import itertools
import json
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from service_shop import ORDER, PARCEL, Shop, problem

from service.api import create_app
from service.platform.ids import is_rma
from service.platform.problems import MOST_BODY_BYTES
from service.policies import default_policy

# What never reaches the database needs no second one.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class TestPutOrder:
    def test_a_new_order_is_recorded_with_its_own_time(self, shop: Shop) -> None:
        answer = shop.put_order()

        assert (answer.status_code, answer.json()) == (201, {"order_id": "A-1", "is_new": True})
        (event,) = shop.retour.read_log(0, 10)
        assert (event.type, event.subject, event.actor_role) == ("order.placed", "A-1", "shop")
        assert event.time_us == 1_771_578_000_000_000
        assert event.recorded_at_us > event.time_us

    def test_saying_it_again_changes_nothing(self, shop: Shop) -> None:
        shop.put_order()

        again = shop.put_order()

        assert (again.status_code, again.json()["is_new"]) == (200, False)
        assert shop.types() == ["order.placed"]

    @pytest.mark.parametrize(
        ("changed", "named"),
        [
            ({"currency": "GBP"}, "currency"),
            ({"customer": "bert@example.com"}, "customer"),
            ({"country": None}, "country"),
            ({"lines": ORDER["lines"][:1]}, "lines"),
            ({"lines": [{**ORDER["lines"][0], "discount_minor": 1}, ORDER["lines"][1]]}, "lines"),
            (
                {"lines": [{**ORDER["lines"][0], "exclusion": "final_sale"}, ORDER["lines"][1]]},
                "lines",
            ),
            ({"discount_minor": 1}, "discount_minor"),
            ({"shipping_minor": 1}, "shipping_minor"),
            ({"placed_at": "2026-02-20T09:00:01Z"}, "placed_at"),
        ],
    )
    def test_saying_otherwise_is_refused_and_names_what_differs(
        self, shop: Shop, changed: dict[str, Any], named: str
    ) -> None:
        shop.put_order()

        document = problem(shop.put_order(**changed), 409, "order-differs")

        assert f"recorded differently ({named});" in document["detail"]
        assert "example.com" not in json.dumps(document)
        assert shop.types() == ["order.placed"]

    def test_what_was_paid_and_what_may_not_come_back_is_recorded(self, shop: Shop) -> None:
        line = {"line_no": 1, "sku": "MUG", "quantity": 3, "unit_price_minor": 1290}
        lines = [{**line, "discount_minor": 300, "exclusion": "unsealed_hygiene"}]

        shop.put_order(lines=lines, discount_minor=3570, shipping_minor=490)

        placed = json.loads(shop.retour.read_log(0, 1)[0].data)
        assert (placed["discount_minor"], placed["shipping_minor"]) == (3570, 490)
        assert placed["lines"] == lines
        again = shop.put_order(lines=lines, discount_minor=3570, shipping_minor=490)
        assert again.status_code == 200

    def test_an_order_that_does_not_speak_of_money_off_has_none(self, shop: Shop) -> None:
        shop.put_order()

        placed = json.loads(shop.retour.read_log(0, 1)[0].data)

        assert (placed["discount_minor"], placed["shipping_minor"]) == (0, 0)
        assert {line["discount_minor"] for line in placed["lines"]} == {0}
        assert {line["exclusion"] for line in placed["lines"]} == {None}

    def test_the_customer_is_nowhere_in_clear(self, shop: Shop) -> None:
        shop.delivered()
        shop.apply()

        recorded = " ".join(str(event) for event in shop.retour.read_log(0, 100))
        assert "anna" not in recorded
        assert len(set(re.findall(r"cus_[0-9a-z]{26}", recorded))) == 1

    @on_one_database
    @pytest.mark.parametrize(
        "line",
        [
            {"quantity": 0},
            {"quantity": -1},
            {"quantity": 1.5},
            {"quantity": "2"},
            {"quantity": 10**30},
            {"unit_price_minor": -1},
            {"quantity": 10**9, "unit_price_minor": 10**12},
            {"quantity": 2, "unit_price_minor": 10**12},
            {"line_no": 0},
            {"line_no": 2**31},
            {"sku": ""},
            {"sku": "x" * 201},
            {"sku": "a\u0000b"},
            {"colour": "red"},
            {"discount_minor": 2},
            {"discount_minor": -1},
            {"exclusion": "used"},
        ],
    )
    def test_a_line_that_cannot_be_is_refused_with_its_place(
        self, shop: Shop, line: dict[str, Any]
    ) -> None:
        good = {"line_no": 1, "sku": "MUG", "quantity": 1, "unit_price_minor": 1}

        document = problem(shop.put_order(lines=[{**good, **line}]), 422, "invalid-request")

        assert document["errors"][0]["field"].startswith("lines[0]")
        assert shop.types() == []

    @on_one_database
    @pytest.mark.parametrize(
        "body",
        [
            {"lines": []},
            {"lines": [ORDER["lines"][0], ORDER["lines"][0]]},
            {"currency": "euro"},
            {"country": "Germany"},
            {"placed_at": "2026-02-20T09:00:00"},
            {"placed_at": "0001-01-01T00:00:00+14:00"},
            {"placed_at": "9999-12-31T23:59:59-23:59"},
            {"placed_at": "yesterday"},
            {"customer": ""},
            {"discount_minor": 8771},
            {"discount_minor": -1},
            {"shipping_minor": -1},
            {"shipping_minor": "4.90"},
            {"email": "anna"},
            {"email": "anna@example"},
            {"email": "anna@example.com, bert@example.com"},
            {"email": f"{'a' * 250}@example.com"},
            {"language": "de"},
        ],
    )
    def test_a_body_that_cannot_be_is_refused(self, shop: Shop, body: dict[str, Any]) -> None:
        problem(shop.put_order(**body), 422, "invalid-request")

        assert shop.types() == []

    @on_one_database
    def test_an_order_of_tomorrow_is_refused(self, shop: Shop) -> None:
        document = problem(shop.put_order(placed_at="2026-03-03T12:00:00Z"), 422, "in-the-future")

        assert "placed_at" in document["detail"]


class TestPutDelivery:
    @on_one_database
    def test_a_parcel_cannot_arrive_before_its_order_was_placed(self, shop: Shop) -> None:
        shop.put_order()

        document = problem(
            shop.put_parcel(delivered_at="2020-01-01T00:00:00Z"), 422, "before-its-order"
        )

        assert "was placed at 2026-02-20" in document["detail"]
        assert shop.types() == ["order.placed"]

    def test_a_parcel_is_recorded_once(self, shop: Shop) -> None:
        shop.put_order()

        first, again = shop.put_parcel(), shop.put_parcel()

        assert (first.status_code, again.status_code) == (201, 200)
        assert shop.types() == ["order.placed", "order.delivered"]

    @pytest.mark.parametrize(
        ("changed", "named"),
        [
            ({"lines": [{"line_no": 1, "quantity": 2}]}, "lines"),
            ({"delivered_at": "2026-02-25T10:00:00Z"}, "delivered_at"),
        ],
    )
    def test_another_content_for_the_same_parcel_is_refused(
        self, shop: Shop, changed: dict[str, Any], named: str
    ) -> None:
        shop.delivered()

        document = problem(shop.put_parcel(**changed), 409, "delivery-differs")

        assert named in document["detail"]

    def test_more_than_was_ordered_is_refused(self, shop: Shop) -> None:
        shop.delivered()

        document = problem(shop.put_parcel(parcel="2"), 409, "more-than-ordered")

        assert "0 of 3 units left" in document["detail"]

    def test_a_line_that_the_order_does_not_have_is_refused(self, shop: Shop) -> None:
        shop.put_order()
        lines = [{"line_no": 9, "quantity": 1}]

        document = problem(shop.put_parcel(lines=lines), 422, "unknown-order-line")

        assert "its lines are 1, 2" in document["detail"]

    def test_a_parcel_of_an_unknown_order_is_refused(self, shop: Shop) -> None:
        problem(shop.put_parcel("A-404"), 404, "unknown-order")


class TestPutProduct:
    def test_the_newest_word_counts_and_a_repeated_one_is_no_event(self, shop: Shop) -> None:
        answers = [shop.put_product(), shop.put_product(), shop.put_product(lot="2026-02")]

        assert [answer.json()["is_changed"] for answer in answers] == [True, False, True]
        assert shop.types() == ["product.upserted"] * 2

    @on_one_database
    def test_money_without_a_currency_is_refused(self, shop: Shop) -> None:
        problem(shop.put_product(price_minor=5), 422, "invalid-request")


class TestPostReturn:
    def test_within_the_window_it_is_authorized_at_once(self, shop: Shop) -> None:
        answer = shop.delivered().apply(quantity=2)

        assert answer.status_code == 201
        body = answer.json()
        assert answer.headers["location"] == f"/v1/returns/{body['rma']}"
        assert is_rma(body["rma"])
        assert body["state"] == "authorized"
        assert body["lines"][0]["value_minor"] == 2580
        assert body["next"]["by"] == "customer"

    def test_the_log_says_what_was_asked_and_why_it_was_granted(self, shop: Shop) -> None:
        shop.delivered().apply()

        requested, assessed, authorized = shop.retour.read_log(2, 10)
        assert [each.type for each in (requested, assessed, authorized)] == [
            "return.requested",
            "return.assessed",
            "return.authorized",
        ]
        assert {assessed.causation_id, authorized.causation_id} == {requested.id}
        granted = json.loads(authorized.data)
        assert (granted["mode"], granted["policy_version"]) == ("rule", default_policy().version)
        assert granted["refund_on"] == "first_scan"  # as the law of the order's country has it
        assert granted["rules"][0]["passed"] is True

    def test_the_last_moment_of_the_window_counts(self, shop: Shop) -> None:
        shop.delivered()
        shop.clock.move_to(shop.clock.now().replace(month=3, day=26, hour=10))

        assert shop.apply().json()["state"] == "authorized"

    def test_after_the_window_a_reviewer_decides(self, shop: Shop) -> None:
        shop.delivered()
        shop.put_parcel(parcel="2", lines=[{"line_no": 2, "quantity": 1}])
        shop.clock.move_to(shop.clock.now() + timedelta(days=40))

        body = shop.apply().json()

        assert body["state"] == "under_review"
        assert body["next"] == {
            "what": "A reviewer decides.",
            "by": "reviewer",
            "until": "2026-04-12T12:00:00Z",
            "otherwise": "clock.breached",
        }
        assert "review.opened" in shop.types()
        assert body["history"][-1]["what"] == "The time for returning this is over."

    def test_an_unknown_order_and_somebody_elses_look_the_same(self, shop: Shop) -> None:
        shop.delivered()

        unknown = problem(shop.apply(order_id="A-2"), 404, "unknown-order")
        foreign = problem(shop.apply(customer="bert@example.com"), 404, "unknown-order")

        assert unknown["detail"].replace("A-2", "A-1") == foreign["detail"]
        assert shop.types() == ["order.placed", "order.delivered"]

    @pytest.mark.parametrize(
        ("line_no", "quantity", "way_out"),
        [(1, 4, "lower the quantity"), (2, 1, "tell of the delivery first")],
    )
    def test_more_than_was_delivered_is_refused(
        self, shop: Shop, line_no: int, quantity: int, way_out: str
    ) -> None:
        document = problem(shop.delivered().apply(quantity, line_no), 409, "more-than-delivered")

        assert way_out in document["detail"]
        assert "return.requested" not in shop.types()

    def test_units_in_another_return_cannot_come_back_twice(self, shop: Shop) -> None:
        shop.delivered().apply(quantity=2)

        document = problem(shop.apply(quantity=2), 409, "more-than-delivered")

        assert "3 delivered, 2 in other returns, so 1 can be returned" in document["detail"]
        assert shop.apply(quantity=1).status_code == 201

    def test_a_line_that_the_order_does_not_have_is_refused(self, shop: Shop) -> None:
        problem(shop.delivered().apply(line_no=7), 422, "unknown-order-line")

    @on_one_database
    def test_a_reason_in_own_words_is_refused_since_it_would_reach_the_log(
        self, shop: Shop
    ) -> None:
        lines = [{"line_no": 1, "quantity": 1, "reason": "I am Anna and it broke"}]

        document = problem(shop.delivered().apply(lines=lines), 422, "invalid-request")

        assert "Anna" not in json.dumps(document)

    @on_one_database
    @pytest.mark.parametrize("content", [b"{bad", b"", b"\xff\xfe", b'{"order_id": '])
    def test_what_is_no_json_is_refused_with_the_place(self, shop: Shop, content: bytes) -> None:
        answer = shop.call(
            "storefront",
            "POST",
            "/v1/returns",
            content=content,
            headers={"Content-Type": "application/json"},
        )

        assert answer.status_code in {400, 422}
        assert answer.json()["type"] in {"/problems/malformed-json", "/problems/invalid-request"}

    @on_one_database
    @pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
    def test_what_is_no_json_object_is_refused_with_the_way_out(
        self, shop: Shop, content_type: str
    ) -> None:
        headers = {"Content-Type": content_type}
        answer = shop.call("storefront", "POST", "/v1/returns", content=b"[]", headers=headers)

        assert "application/json" in problem(answer, 422, "invalid-request")["detail"]

    @on_one_database
    def test_a_lone_surrogate_is_refused(self, shop: Shop) -> None:
        body = b'{"order_id": "\\ud800", "customer": "c", "lines": []}'
        answer = shop.call(
            "storefront",
            "POST",
            "/v1/returns",
            content=body,
            headers={"Content-Type": "application/json"},
        )

        problem(answer, 422, "invalid-request")


class TestGetReturn:
    def test_it_tells_the_story_and_what_comes_next(self, shop: Shop) -> None:
        rma = shop.delivered().apply().json()["rma"]

        body = shop.show(rma).json()

        assert [step["event"] for step in body["history"]] == [
            "return.requested",
            "return.authorized",
        ]
        assert body["next"]["what"] == "Send the goods back."
        assert "customer_key" not in body

    @on_one_database
    @pytest.mark.parametrize("rma", ["R12", "R00000-00000-1", "%F0%9F%8E%81"])
    def test_a_mistyped_number_is_noticed(self, shop: Shop, rma: str) -> None:
        assert "mistyped" in problem(shop.show(rma), 404, "unknown-return")["detail"]

    def test_a_well_formed_unknown_number_is_simply_unknown(self, shop: Shop) -> None:
        rma = shop.retour.context.ids.rma()

        answer = shop.call("reviewer", "GET", f"/v1/returns/{rma}")

        assert "check the number" in problem(answer, 404, "unknown-return")["detail"]

    @pytest.mark.parametrize("written", [str.lower, lambda rma: rma.replace("-", "")])
    def test_a_number_is_read_however_a_person_writes_it(
        self, shop: Shop, written: Callable[[str], str]
    ) -> None:
        rma = shop.delivered().apply().json()["rma"]

        assert shop.show(written(rma)).json()["rma"] == rma


class TestRepeatedPost:
    def test_the_same_key_makes_one_return(self, shop: Shop) -> None:
        shop.delivered()
        first, second = (shop.apply(key="k-1") for _ in range(2))

        assert (first.status_code, second.status_code) == (201, 200)
        assert second.json() == first.json()
        assert second.headers["location"] == first.headers["location"]
        assert shop.types().count("return.requested") == 1

    def test_the_same_key_with_another_body_is_refused(self, shop: Shop) -> None:
        shop.delivered().apply(key="k-1")

        document = problem(shop.apply(quantity=2, key="k-1"), 409, "idempotency-key-reused")

        assert "a key of its own" in document["detail"]
        assert shop.types().count("return.requested") == 1

    def test_an_application_that_failed_may_be_sent_again(self, shop: Shop) -> None:
        shop.put_order()
        problem(shop.apply(key="k-1"), 409, "more-than-delivered")
        shop.put_parcel()

        assert shop.apply(key="k-1").status_code == 201

    def test_another_callers_key_is_another_key(self, shop: Shop) -> None:
        shop.delivered().apply(key="k-1")
        other = shop.retour.keys.create("storefront", "another app")

        answer = shop.apply(key="k-1", headers={"Authorization": f"Bearer {other}"})

        assert answer.status_code == 201

    @on_one_database
    def test_a_request_is_the_same_however_its_json_is_written(self, shop: Shop) -> None:
        first = shop.delivered().apply(key="k-1")
        line = {"reason": "defect", "quantity": 1, "line_no": 1}
        body = {"lines": [line], "customer": ORDER["customer"], "order_id": "A-1"}
        sent = {"Content-Type": "application/json", "Idempotency-Key": "k-1"}

        again = shop.call(
            "storefront",
            "POST",
            "/v1/returns",
            content=json.dumps(body, indent=4),
            headers=sent,
        )

        assert (again.status_code, again.json()["rma"]) == (200, first.json()["rma"])

    @on_one_database
    def test_every_post_takes_a_key(self, shop: Shop) -> None:
        paths = shop.client.get("/openapi.json").json()["paths"]
        posts = {path: item["post"] for path, item in paths.items() if "post" in item}

        assert posts
        for path, operation in posts.items():
            headers = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            assert "Idempotency-Key" in headers, path
            assert "idempotency-key-reused" in operation["responses"]["409"]["description"], path

    @on_one_database
    def test_without_a_key_each_post_is_a_return(self, shop: Shop) -> None:
        shop.delivered()

        assert [shop.apply().status_code for _ in range(2)] == [201, 201]


class TestRights:
    @on_one_database
    @pytest.mark.parametrize(
        ("header", "slug"),
        [
            ("", "not-authenticated"),
            ("Bearer", "not-authenticated"),
            ("Basic YTpi", "not-authenticated"),
            ("Bearer rk_wrong", "key-not-valid"),
        ],
    )
    def test_without_a_valid_key_nothing_is_told(self, shop: Shop, header: str, slug: str) -> None:
        answer = shop.client.get("/v1/returns/R12", headers={"Authorization": header})

        assert "retour keys create" in problem(answer, 401, slug)["detail"]
        assert answer.headers["www-authenticate"] == "Bearer"

    @on_one_database
    @pytest.mark.parametrize(
        ("role", "method", "path", "body"),
        [
            ("storefront", "PUT", "/v1/orders/A-1", ORDER),
            ("storefront", "PUT", "/v1/orders/A-1/deliveries/1", PARCEL),
            ("storefront", "PUT", "/v1/products/MUG", {"title": "x"}),
            ("shop", "POST", "/v1/returns", {}),
            ("shop", "GET", "/v1/returns/R12", None),
            ("shop", "POST", "/v1/customer-tokens", {}),
            ("reviewer", "POST", "/v1/customer-tokens", {}),
        ],
    )
    def test_a_role_reaches_what_is_its_own_only(
        self, shop: Shop, role: str, method: str, path: str, body: dict[str, Any] | None
    ) -> None:
        document = problem(shop.call(role, method, path, json=body), 403, "not-allowed")

        assert "retour keys create --role" in document["detail"]
        assert shop.types() == []

    def test_a_revoked_key_is_refused_at_once(self, shop: Shop) -> None:
        for entry in shop.retour.keys.entries():
            shop.retour.keys.revoke(entry.key_id)

        problem(shop.put_order(), 401, "key-not-valid")

    def test_an_admin_may_do_everything(self, shop: Shop) -> None:
        key = shop.retour.keys.create("admin", "test")
        headers = {"Authorization": f"Bearer {key}"}

        assert shop.client.put("/v1/orders/B", json=ORDER, headers=headers).status_code == 201
        assert shop.client.get("/v1/returns/R12", headers=headers).status_code == 404


class TestEdges:
    def test_it_says_that_it_lives_and_that_its_database_answers(self, shop: Shop) -> None:
        shop.put_order()

        assert shop.client.get("/healthz").json() == {"status": "ok"}
        ready = shop.client.get("/readyz").json()
        assert (ready["status"], ready["log_head"]) == ("ok", 1)

    @on_one_database
    def test_it_says_who_decides_on_applications(self, shop: Shop) -> None:
        assert shop.client.get("/readyz").json()["risk"] == {
            "deciding": "no_model",
            "model_version": None,
            "challenger_version": None,
            "assessed": {},
            "discarded": {},
        }

    @on_one_database
    def test_what_does_not_exist_is_a_problem_too(self, shop: Shop) -> None:
        nowhere = problem(shop.client.get("/nothing"), 404, "not-found")
        refused = shop.client.delete("/healthz")

        assert "leads nowhere" in nowhere["detail"]
        assert "only GET is" in problem(refused, 405, "method-not-allowed")["detail"]
        assert refused.headers["allow"] == "GET"

    @on_one_database
    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ('{"customer": "Jürgen"}'.encode("latin-1"), "byte 15 is not UTF-8"),
            (b"[" * 100_000, "nested too deeply"),
        ],
        ids=["latin-1", "deep"],
    )
    def test_a_body_that_cannot_be_read_is_told_from_an_address(
        self, shop: Shop, body: bytes, told: str
    ) -> None:
        sent = {"Content-Type": "application/json"}
        answer = shop.call("shop", "PUT", "/v1/orders/A-1", content=body, headers=sent)

        assert told in problem(answer, 400, "malformed-json")["detail"]

    @on_one_database
    def test_the_documentation_loads_nothing_from_elsewhere(self, shop: Shop) -> None:
        page = shop.client.get("/docs").text

        named = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
        assert len(named) >= 3
        assert [address for address in named if not address.startswith("/")] == []
        for address in named:
            assert shop.client.get(address).status_code == 200, address

    @on_one_database
    def test_the_description_is_complete(self, shop: Shop) -> None:
        described = shop.client.get("/openapi.json").json()

        operations = {
            (path, method): operation
            for path, item in described["paths"].items()
            if path.startswith("/v1/")
            for method, operation in item.items()
        }
        assert len(operations) > 40
        for (path, _), operation in operations.items():
            assert operation["description"]
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], parameter["name"]
                assert {"examples", "example"} & (set(parameter) | set(parameter["schema"]))
            assert {"403", "422"} <= set(operation["responses"])
            refused = operation["responses"]["403"]["content"]["application/problem+json"]
            assert refused["schema"] == {"$ref": "#/components/schemas/Problem"}
            if not path.startswith("/v1/surveys/"):  # there the link is all that is needed
                assert operation["security"] == [{"HTTPBearer": []}]
                assert "401" in operation["responses"]
        assert "Problem" in described["components"]["schemas"]
        assert "example" in described["components"]["schemas"]["ReturnBody"]
        _refuse_dangling_references(described)

    @on_one_database
    def test_every_parameter_field_and_tag_is_described(self, shop: Shop) -> None:
        described = shop.client.get("/openapi.json").json()
        operations = [each for item in described["paths"].values() for each in item.values()]
        parameters = [each for one in operations for each in one.get("parameters", [])]
        fields = [
            (model, name, field)
            for model, schema in described["components"]["schemas"].items()
            for name, field in schema.get("properties", {}).items()
        ]

        assert len(parameters) > 100
        assert [each["name"] for each in parameters if not each.get("description")] == []
        assert [each["name"] for each in parameters if not each["schema"].get("examples")] == []
        assert [each[:2] for each in fields if not _says_something(each[2])] == []
        tags = {tag for one in operations for tag in one["tags"]}
        assert {each["name"] for each in described["tags"] if each["description"]} == tags

    @on_one_database
    def test_an_operation_lists_the_problems_it_may_have(self, shop: Shop) -> None:
        paths = shop.client.get("/openapi.json").json()["paths"]

        applying, showing = paths["/v1/returns"]["post"], paths["/v1/returns/{rma}"]["get"]
        for slug in ("more-than-delivered", "idempotency-key-reused"):
            assert slug in applying["responses"]["409"]["description"]
        assert "unknown-return" in showing["responses"]["404"]["description"]
        assert "400" not in showing["responses"]


def _says_something(field: dict[str, Any]) -> bool:
    """Its own description, or that of what it refers to."""
    inner = field.get("anyOf", [{}])[0]
    return "description" in field or "description" in inner or "$ref" in field


def _refuse_dangling_references(described: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert named <= set(described["components"]["schemas"])


@on_one_database
class TestBodiesWithoutEnd:
    def test_one_that_is_declared_too_large_is_refused_unread_with_a_key_or_without(
        self, shop: Shop
    ) -> None:
        said = {"content-type": "application/json", "content-length": str(MOST_BODY_BYTES + 1)}

        status, document, read = _send(shop, said, [b"{" + b" " * 1000])

        assert (status, document["type"], read) == (413, "/problems/body-too-large", 0)
        assert "2,000,000 bytes" in document["detail"]
        assert document["request_id"].startswith("req_")

    def test_one_that_says_nothing_of_its_length_is_read_no_further_than_the_limit(
        self, shop: Shop
    ) -> None:
        status, document, read = _send(
            shop, {"content-type": "application/json"}, itertools.repeat(b" " * 100_000)
        )

        assert (status, document["type"], read) == (413, "/problems/body-too-large", 21)

    def test_the_largest_is_read(self, shop: Shop) -> None:
        said = {"content-type": "application/json", "content-length": str(MOST_BODY_BYTES)}

        status, document, _ = _send(shop, said, [b"{}" + b" " * (MOST_BODY_BYTES - 2)])

        assert (status, document["type"]) == (401, "/problems/not-authenticated")

    def test_the_longest_order_passes(self, shop: Shop) -> None:
        name = "杯" * 195
        lines = [
            {"line_no": each, "sku": f"{name}{each}", "quantity": 1, "unit_price_minor": 1}
            for each in range(1, 1001)
        ]
        assert shop.put_order(lines=lines).status_code == 201


def _send(
    shop: Shop, headers: dict[str, str], chunks: Iterable[bytes]
) -> tuple[int, dict[str, Any], int]:
    """An application without a key, chunk by chunk: the answer's status and document, and how many chunks were read."""
    parts, sent, read = iter(chunks), [], 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        chunk = next(parts, None)
        read += chunk is not None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/returns",
        "raw_path": b"/v1/returns",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(create_app(shop.retour)(scope, receive, send))
    body = b"".join(each.get("body", b"") for each in sent)
    return sent[0]["status"], json.loads(body), read
