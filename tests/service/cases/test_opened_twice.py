from house import House


class TestOpenTwice:
    def test_a_repeated_request_is_answered_with_the_same_case(self, house: House) -> None:
        house.begin()
        body = {"kind": "complaint", "rma": house.rma, "text": "It took too long."}
        headers = {"Retour-Customer": house.token, "Idempotency-Key": "once"}

        first, second = (
            house.call("storefront", "POST", "/v1/cases", json=body, headers=headers)
            for _ in range(2)
        )

        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        case_id = second.json()["case_id"]
        assert house.call("after_sales", "GET", f"/v1/cases/{case_id}").status_code == 200
        assert house.open_cases() == ["complaint"]
