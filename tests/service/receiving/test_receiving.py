from typing import Any

from house import House
from service_shop import problem
from sqlalchemy import select
from told_order import ORDER

from service.platform.texts import texts


def stock(house: House) -> dict[str, int]:
    told = house.call("shop", "GET", "/v1/stock/MUG").json()
    return {each["place"]: each["quantity"] for each in told}


def lines(house: House) -> list[tuple[int, int, str]]:
    return [(each["line_no"], each["quantity"], each["state"]) for each in house.look()["lines"]]


def notes(house: House) -> list[tuple[str, str]]:
    """What inspectors noted, and of which return."""
    asked = select(texts.c.body, texts.c.rma).where(texts.c.kind == "inspection_note")
    with house.retour.context.db.read() as connection:
        return [(row.body, row.rma) for row in connection.execute(asked)]


class TestParcels:
    def test_the_customers_tracking_number_leads_to_the_return(self, house: House) -> None:
        house.begin()
        house.does("storefront", "shipment", method="own_carrier", carrier="DHL", tracking="JJD-77")

        told = house.call("inspector", "POST", "/v1/parcels", json={"tracking": "JJD-77"}).json()

        assert told["rma"] == house.rma
        assert house.state == "received"

    def test_a_parcel_of_nobody_is_taken_in_and_becomes_a_case_until_its_return_is_found(
        self, house: House
    ) -> None:
        house.begin()
        parcel = house.call(
            "inspector", "POST", "/v1/parcels", json={"rma": "R00000-00000-1"}
        ).json()
        assert parcel["rma"] is None
        assert house.open_cases() == ["unknown_parcel"]

        path = f"/v1/parcels/{parcel['parcel_id']}/match"
        matched = house.call("inspector", "POST", path, json={"rma": house.rma})

        assert matched.json()["rma"] == house.rma
        assert house.state == "received"
        again = house.call("inspector", "POST", path, json={"rma": house.rma})
        problem(again, 404, "unknown-parcel")

    def test_a_parcel_that_is_told_of_twice_with_one_key_is_one_parcel(self, house: House) -> None:
        house.begin()
        answers = [
            house.call(
                "inspector",
                "POST",
                "/v1/parcels",
                json={"rma": house.rma},
                headers={"Idempotency-Key": "dock-1"},
            )
            for _ in range(2)
        ]

        assert [each.status_code for each in answers] == [201, 200]
        assert answers[0].json() == answers[1].json()
        assert house.happened().count("return.received") == 1

    def test_a_parcel_of_a_return_that_awaits_nothing_is_somebodys_case(self, house: House) -> None:
        house.begin()
        house.arrive()

        house.arrive()

        assert house.open_cases() == ["unknown_parcel"]

    def test_a_withdrawal_that_nobody_scanned_is_paid_before_the_finding(
        self, house: House
    ) -> None:
        house.begin_withdrawal()

        house.find("failed", grade="D")

        assert house.look()["money"]["pending_minor"] == 1290
        assert house.open_cases() == ["recovery"]

    def test_what_came_is_received_and_the_rest_is_still_awaited(self, house: House) -> None:
        house.begin(3)

        house.arrive(2)

        assert lines(house) == [(1, 1, "authorized"), (2, 2, "received")]
        house.wait(days=15)
        assert lines(house)[0] == (1, 1, "expired")

    def test_more_than_was_announced_is_a_line_of_its_own_that_nobody_declared(
        self, house: House
    ) -> None:
        house.begin()

        house.arrive(3)

        assert [each[:2] for each in lines(house)] == [(1, 1), (2, 2)]
        assert house.look()["lines"][1]["authorization"] == "undeclared"

    def test_the_inspections_clock_runs_from_the_carriers_delivery_if_that_came_first(
        self, house: House
    ) -> None:
        house.begin()
        house.does("carrier", "scans", scan="delivered")
        due = house.look()["next"]["until"]
        house.wait(hours=5)

        house.arrive()

        assert house.look()["next"]["until"] == due


class TestInspections:
    def test_units_go_the_way_that_each_was_found_fit_for(self, house: House) -> None:
        house.begin(3)
        house.arrive()
        findings = [
            {"outcome": "passed", "quantity": 1, "grade": "A"},
            {"outcome": "failed", "quantity": 1, "grade": "C"},
            {"outcome": "short", "quantity": 1},
        ]

        house.does("inspector", "inspections", line_no=1, depth="full", findings=findings)

        assert sorted(each[2] for each in lines(house)) == [
            "awaiting_choice",
            "awaiting_choice",
            "refund_pending",
        ]
        assert stock(house) == {"restock": 1}
        assert house.look()["money"]["pending_minor"] == 1290

    def test_findings_must_tell_of_every_unit_once(self, house: House) -> None:
        house.begin(3)
        house.arrive()

        refused = house.tries(
            "inspector",
            "inspections",
            line_no=1,
            findings=[{"outcome": "passed", "quantity": 2, "grade": "A"}],
        )

        document = problem(refused, 422, "findings-do-not-add-up")
        assert "has 3 units, the findings tell of 2" in document["detail"]

    def test_what_is_judged_by_its_condition_needs_a_grade(self, house: House) -> None:
        house.begin()
        house.arrive()

        refused = house.tries(
            "inspector",
            "inspections",
            line_no=1,
            depth="full",
            findings=[{"outcome": "failed", "quantity": 1}],
        )

        assert "needs a grade" in problem(refused, 422, "grade-missing")["detail"]

    def test_who_inspects_what_nobody_scanned_has_received_it(self, house: House) -> None:
        house.begin()

        house.find("passed", grade="A")

        assert "return.received" in house.happened()

    def test_a_note_is_kept_where_it_can_be_erased_and_nowhere_else(self, house: House) -> None:
        house.begin()
        house.arrive()
        body: dict[str, Any] = {"line_no": 1, "depth": "full", "note": "Smells of Anna's perfume"}

        house.does(
            "inspector",
            "inspections",
            **body,
            findings=[{"outcome": "failed", "quantity": 1, "grade": "D"}],
        )

        assert not any("perfume" in event.data for event in house.retour.read_log(0, 1000))
        assert notes(house) == [("Smells of Anna's perfume", house.rma)]
        house.retour.erasure.erase(ORDER["customer"])
        assert notes(house) == []

    def test_goods_that_nobody_graded_are_put_away_by_hand(self, house: House) -> None:
        house.begin()
        house.arrive()
        house.wait(hours=25)
        house.wait(hours=25)
        assert stock(house) == {}

        house.does("inspector", "lines/1/disposition", disposition="refurbish")

        assert stock(house) == {"refurbish": 1}
        log = house.retour.read_log(0, 10_000)
        by = [each.actor_role for each in log if each.type == "line.dispositioned"]
        assert by == ["inspector"]
        again = house.tries("inspector", "lines/1/disposition", disposition="donate")
        problem(again, 409, "not-possible-now")


class TestStock:
    def test_goods_of_one_return_are_put_away_in_the_order_of_their_skus(
        self, house: House
    ) -> None:
        """On PostgreSQL two returns of the same goods would else wait for each other for ever."""
        bought = [
            {"line_no": number, "sku": sku, "quantity": 1, "unit_price_minor": 1290}
            for number, sku in ((1, "POT"), (2, "MUG"))
        ]
        both = [{"line_no": number, "quantity": 1, "reason": "defect"} for number in (1, 2)]
        assert house.put_order(country="US", lines=bought).is_success
        assert house.put_parcel(lines=[{"line_no": n, "quantity": 1} for n in (1, 2)]).is_success
        house.rma = house.apply(lines=both).json()["rma"]
        house.arrive()
        for number in (1, 2):
            house.find("failed", line_no=number, grade="C")
        house.wait(days=8)

        house.pays()

        assert [each["sku"] for each in house.told("line.dispositioned")] == ["MUG", "POT"]

    def test_no_more_can_leave_than_is_there(self, house: House) -> None:
        house.begin(2)
        house.arrive()
        house.find("passed", 2, grade="A")
        sold = {"place": "restock", "change": -2, "cause": "sold"}

        assert house.call("shop", "POST", "/v1/stock/MUG/moves", json=sold).json() == []
        refused = house.call("shop", "POST", "/v1/stock/MUG/moves", json={**sold, "change": -1})

        assert "0 of 'MUG' are at restock" in problem(refused, 409, "not-in-stock")["detail"]
