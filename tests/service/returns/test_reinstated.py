from house import House


def asked_back_twice(house: House, first: int, second: int) -> tuple[str, str]:
    """Cancelled, and some units applied for anew; then a parcel with the old number arrives."""
    house.begin(first)
    old = house.rma
    house.does("storefront", "cancellation")
    house.ask_back(second)
    new, house.rma = house.rma, old
    house.arrive()
    return old, new


class TestUnitsThatAreInAnotherReturnByNow:
    def test_they_do_not_come_to_life_twice_but_go_back_or_away(self, house: House) -> None:
        asked_back_twice(house, 3, 3)

        (line,) = house.look()["lines"]
        assert (line["authorization"], line["reception"]) == ("cancelled", "received")
        house.find("passed", 3, grade="A")
        assert house.look()["lines"][0]["choices"] == ["send_back", "dispose"]
        house.does("storefront", "lines/1/choice", choice="send_back")
        house.does("inspector", "sent-back")
        assert house.state == "closed"

    def test_as_many_as_are_free_are_decided_anew(self, house: House) -> None:
        asked_back_twice(house, 3, 1)

        lines = house.look()["lines"]
        assert [(each["quantity"], each["authorization"]) for each in lines] == [
            (1, "cancelled"),
            (2, "under_review"),
        ]

    def test_what_is_paid_never_exceeds_what_was_bought(self, house: House) -> None:
        old, new = asked_back_twice(house, 3, 3)
        for house.rma in (new, old):
            house.arrive()
            house.find("passed", 3, grade="A")
            house.wait(days=30)

        refunds = house.call("finance", "GET", "/v1/refunds?state=pending").json()
        assert [(each["rma"], each["amount_minor"]) for each in refunds] == [(new, 3 * 1290)]
