import pytest
from house import OVERSEAS, House
from service_shop import problem


def arrivals(house: House) -> list[list[dict[str, int]]]:
    """What each `return.received` of the log tells of."""
    return [said["lines"] for said in house.told("return.received")]


class TestParcels:
    def test_a_line_that_is_counted_in_two_heaps_arrived_once_and_what_is_too_many_is_its_own(
        self, house: House
    ) -> None:
        house.begin(2)
        heaps = [{"line_no": 1, "quantity": 2}, {"line_no": 1, "quantity": 1}]

        answer = house.call(
            "inspector", "POST", "/v1/parcels", json={"rma": house.rma, "lines": heaps}
        )

        assert answer.status_code == 201
        assert arrivals(house) == [[{"line_no": 1, "quantity": 2}, {"line_no": 2, "quantity": 1}]]
        first, second = house.look()["lines"]
        assert (first["quantity"], first["authorization"]) == (2, "authorized")
        assert (second["quantity"], second["authorization"]) == (1, "undeclared")


def mug_and_pot(house: House, days_late: int = 0) -> House:
    """A mug and a pot are asked back."""
    house.put_order(**OVERSEAS)
    house.put_parcel(lines=[{"line_no": 1, "quantity": 1}, {"line_no": 2, "quantity": 1}])
    house.wait(days=days_late)
    wanted = [{"line_no": each, "quantity": 1, "reason": "defect"} for each in (1, 2)]
    house.rma = house.apply(lines=wanted).json()["rma"]
    return house


def mug_without_pot(house: House, days_late: int = 0) -> House:
    """Both are asked back; the pot is then kept after all."""
    mug_and_pot(house, days_late).does("storefront", "cancellation", lines=[2])
    return house


class TestWhatNobodyCounted:
    def test_a_parcel_holds_what_is_expected_and_not_what_was_cancelled(self, house: House) -> None:
        mug_without_pot(house).arrive()
        house.find("passed", 1, grade="A")
        house.wait(days=30)

        assert arrivals(house) == [[{"line_no": 1, "quantity": 1}]]
        assert house.look()["lines"][1]["state"] == "cancelled"
        assert [each["amount_minor"] for each in house.told("refund.requested")] == [1290]

    def test_a_scan_is_of_what_is_expected_and_not_of_what_was_cancelled(
        self, house: House
    ) -> None:
        mug_without_pot(house).does("carrier", "scans", scan="picked_up")

        house.does("carrier", "scans", scan="picked_up")

        assert [each["state"] for each in house.look()["lines"]] == ["in_transit", "cancelled"]

    def test_what_was_counted_is_there_though_it_was_cancelled(self, house: House) -> None:
        mug_without_pot(house).arrive(line_no=2, quantity=1)

        assert arrivals(house) == [[{"line_no": 2, "quantity": 1}]]

    def test_what_is_under_review_is_expected(self, house: House) -> None:
        mug_without_pot(house, days_late=40).arrive()

        assert arrivals(house) == [[{"line_no": 1, "quantity": 1}]]

    def test_what_is_on_its_way_is_expected_though_it_was_declined(self, house: House) -> None:
        mug_and_pot(house, days_late=40).does("carrier", "scans", scan="picked_up", lines=[1])
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")

        house.arrive()

        assert arrivals(house) == [[{"line_no": 1, "quantity": 1}]]

    @pytest.mark.parametrize("how", ["cancelled", "expired", "declined"])
    def test_where_nothing_is_expected_it_is_what_could_have_come(
        self, house: House, how: str
    ) -> None:
        house.begin_late() if how == "declined" else house.begin()
        if how == "declined":
            house.does("reviewer", "decision", decision="decline", reason_code="misuse")
        elif how == "cancelled":
            house.does("storefront", "cancellation")
        else:
            house.wait(days=15)
        assert house.look()["lines"][0]["authorization"] == how

        house.arrive()

        assert arrivals(house) == [[{"line_no": 1, "quantity": 1}]]
        assert house.open_cases() == []


class TestScansToldLate:
    """Carriers report hours late and in any order: what was told is kept, and takes nothing back."""

    def test_a_delivery_that_is_told_after_the_dock_took_it_in_is_noted(self, house: House) -> None:
        house.begin().does("carrier", "scans", scan="picked_up")
        house.wait(days=2)
        delivered = house.clock.now()
        house.wait(hours=3)
        house.arrive()
        due = house.look()["next"]["until"]

        house.does("carrier", "scans", scan="delivered", scanned_at=delivered.isoformat())

        seen = house.look()
        assert (seen["lines"][0]["reception"], seen["next"]["until"]) == ("received", due)
        assert [(each["scan"], each["lines"]) for each in house.told("shipment.scanned")] == [
            ("picked_up", [{"line_no": 1, "quantity": 1}]),
            ("delivered", []),
        ]

    def test_a_scan_moves_those_of_its_lines_that_were_not_seen_further_on(
        self, house: House
    ) -> None:
        mug_and_pot(house).arrive(1, line_no=1)

        house.does("carrier", "scans", scan="delivered", lines=[1, 2])

        assert [each["reception"] for each in house.look()["lines"]] == ["received", "delivered"]
        assert house.told("shipment.scanned")[0]["lines"] == [{"line_no": 2, "quantity": 1}]

    def test_what_the_customer_keeps_was_never_sent(self, house: House) -> None:
        house.begin().does("reviewer", "keep")

        problem(house.tries("carrier", "scans", scan="picked_up"), 409, "not-possible-now")


class TestNamedLines:
    def test_no_request_moves_a_line_twice(self, house: House) -> None:
        house.begin(2)
        before = house.happened()

        for role, what in (
            ("storefront", "cancellation"),
            ("reviewer", "keep"),
            ("inspector", "sent-back"),
        ):
            answer = house.tries(role, what, lines=[1, 1])
            assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (
                422,
                "must name each line once",
            )
        for role, what, more in (
            ("storefront", "shipment", {"method": "drop_off"}),
            ("carrier", "scans", {"scan": "picked_up"}),
        ):
            assert house.tries(role, what, lines=[1, 1], **more).status_code == 422
        assert house.happened() == before


class TestWhatIsFoundAfterTheInspectionWasWaived:
    @pytest.fixture
    def waived(self, house: House) -> House:
        """Two mugs, accepted and paid for unseen."""
        house.begin(2).arrive().wait(hours=25).wait(hours=25)
        assert (house.state, house.look()["lines"][0]["state"]) == ("refund_pending",) * 2
        return house

    def test_it_is_noted_the_money_stays_and_somebody_must_see_to_it(self, waived: House) -> None:
        money = waived.look()["money"]["pending_minor"]
        cases = waived.open_cases()

        waived.find("empty", 2)

        assert [each["outcome"] for each in waived.told("line.inspected")] == ["empty"]
        assert waived.look()["money"]["pending_minor"] == money == 2580
        assert waived.open_cases() == sorted([*cases, "recovery"])

    def test_good_ones_go_where_their_grade_says_and_call_nobody(self, waived: House) -> None:
        cases = waived.open_cases()

        waived.find("passed", 2, grade="A")

        assert stock(waived) == [{"place": "restock", "quantity": 2}]
        assert waived.open_cases() == cases

    def test_it_is_told_of_a_return_that_is_closed_and_stays_so(self, waived: House) -> None:
        waived.work()
        waived.pays()
        assert waived.state == "closed"

        waived.does(
            "inspector",
            "inspections",
            line_no=1,
            depth="full",
            findings=[
                {"outcome": "passed", "quantity": 1, "grade": "A"},
                {"outcome": "failed", "quantity": 1, "grade": "C"},
            ],
        )

        assert waived.state == "closed"
        assert len(waived.told("return.closed")) == 1
        assert stock(waived) == [
            {"place": "liquidate", "quantity": 1},
            {"place": "restock", "quantity": 1},
        ]
        assert "recovery" in waived.open_cases()

    def test_it_is_found_once(self, waived: House) -> None:
        waived.find("failed", 2, grade="C")

        again = waived.tries(
            "inspector",
            "inspections",
            line_no=1,
            depth="full",
            findings=[{"outcome": "passed", "quantity": 2, "grade": "A"}],
        )

        problem(again, 409, "not-possible-now")


class TestWhereGoodsGo:
    def test_nothing_is_put_away_that_is_not_there(self, house: House) -> None:
        for outcome in ("short", "empty"):
            house.begin(1) if outcome == "short" else house.ask_back(1)
            house.arrive()
            house.find(outcome)
            house.does("storefront", "lines/1/choice", choice="accept")

            answer = house.tries("inspector", "lines/1/disposition", disposition="restock")

            assert answer.status_code == 409
        assert stock(house) == []

    def test_refused_goods_that_the_customer_gives_up_go_where_such_goods_go(
        self, house: House
    ) -> None:
        house.begin_late()
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")
        house.arrive()
        house.find("passed", grade="A")
        house.does("storefront", "lines/1/choice", choice="dispose")

        assert stock(house) == [{"place": "recycle", "quantity": 1}]

    def test_goods_that_failed_after_they_were_paid_are_the_shops(self, house: House) -> None:
        house.begin_withdrawal()
        house.does("carrier", "scans", scan="picked_up")
        house.pays()
        house.arrive()
        house.find("failed", grade="C")

        assert stock(house) == [{"place": "liquidate", "quantity": 1}]


def stock(house: House) -> list[dict[str, object]]:
    found: list[dict[str, object]] = house.call("shop", "GET", "/v1/stock/MUG").json()
    return found
