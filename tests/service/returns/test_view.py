from typing import Any

from house import House
from service_shop import MAIL, problem

from service.domain.events import PAYLOADS
from service.returns.story import tell


class TestTheView:
    def test_it_says_what_comes_next_who_acts_by_when_and_what_happens_otherwise(
        self, house: House
    ) -> None:
        house.begin()

        assert house.look()["next"] == {
            "what": "Send the goods back.",
            "by": "customer",
            "until": "2026-03-16T12:00:00Z",
            "otherwise": "return.expired",
        }

    def test_it_says_when_the_money_comes(self, house: House) -> None:
        house.begin()
        before = house.look()["money"]["words"]
        house.arrive()
        house.find("passed", grade="A")
        pending = house.look()["money"]["words"]
        house.pays()

        assert before == (
            "Your money comes back at the latest 72 hours after we have checked the goods."
        )
        assert pending.startswith("€12.90 are on their way to you, by ")
        assert house.look()["money"]["words"] == "€12.90 were paid back."

    def test_it_promises_no_money_while_a_person_decides_or_after_a_refusal(
        self, house: House
    ) -> None:
        house.begin_late()
        under_review = house.look()["money"]["words"]
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")

        assert under_review == "Whether money comes back is decided first."
        assert house.look()["money"]["words"] == "As it stands, no money comes back."

    def test_it_promises_no_money_for_goods_that_did_not_pass(self, house: House) -> None:
        house.begin()
        house.arrive()
        house.find("failed", grade="C")
        asked = house.look()["money"]["words"]
        house.does("storefront", "lines/1/choice", choice="send_back")

        assert asked == "How much money comes back depends on what you choose."
        assert house.look()["money"]["words"] == "As it stands, no money comes back."

    def test_a_choice_without_money_promises_none(self, house: House) -> None:
        house.begin()
        house.arrive()
        house.find("empty")

        assert house.state == "awaiting_choice"
        assert house.look()["money"]["words"] == "As it stands, no money comes back."

    def test_a_refused_payment_is_said_and_is_not_on_its_way(self, house: House) -> None:
        house.begin(2)
        house.arrive(1)
        house.find("passed", line_no=2, grade="A")
        house.pays("failure", reason="account_closed")
        refused = house.look()["money"]
        house.arrive()
        house.find("passed", grade="A")
        both = house.look()["money"]

        assert (refused["pending_minor"], refused["due_at"]) == (0, None)
        assert refused["words"] == (
            "The payment of €12.90 was refused; we find another way to pay you."
        )
        assert both["pending_minor"] == 1290
        assert both["words"].startswith("€12.90 are on their way to you, by ")
        assert both["words"].endswith(" at the latest. " + refused["words"])

    def test_it_speaks_the_readers_language(self, house: House) -> None:
        house.begin()
        headers = {"Retour-Customer": house.token, "Accept-Language": "zh-CN,en;q=0.5"}

        shown = house.call("storefront", "GET", f"/v1/returns/{house.rma}", headers=headers).json()

        assert shown["next"]["what"] == "请寄回商品。"
        assert next(step["what"] for step in shown["history"]) == "已提交退货申请。"

    def test_it_has_the_question_that_its_customer_is_to_answer_until_they_did(
        self, house: House
    ) -> None:
        house.begin_late()
        assert house.look()["questions"] == []
        house.does("reviewer", "question", question="Where is the scratch?")
        path, headers = f"/v1/returns/{house.rma}", {"Retour-Customer": house.token}

        in_the_app = house.call("storefront", "GET", path, headers=headers).json()
        by_link = house.client.get(path, params={"token": house.token}).json()
        assert in_the_app["questions"] == by_link["questions"] == ["Where is the scratch?"]

        house.does("storefront", "answer", answer="On its lid.")
        assert house.call("storefront", "GET", path, headers=headers).json()["questions"] == []

    def test_a_question_that_nobody_answers_in_time_is_no_more_asked(self, house: House) -> None:
        house.begin_late().does("reviewer", "question", question="Where is the scratch?")
        house.wait(days=8)
        house.does("reviewer", "question", question="And the box?")

        shown = house.client.get(f"/v1/returns/{house.rma}", params={"token": house.token}).json()

        assert shown["questions"] == ["And the box?"]

    def test_staff_read_a_question_where_reading_is_noted(self, house: House) -> None:
        house.begin_late()
        asked = house.does("reviewer", "question", question="Where is the scratch?")
        shown = house.call("reviewer", "GET", f"/v1/returns/{house.rma}").json()

        assert asked["questions"] == shown["questions"] == []
        assert "scratch" not in " ".join(map(str, house.told("evidence.requested")))

    def test_what_is_only_the_houses_business_is_not_told(self, house: House) -> None:
        house.begin_late()

        told = [step["event"] for step in house.look()["history"]]

        assert told == ["return.requested", "review.opened"]

    def test_a_letters_link_shows_it_without_a_key_and_nothing_else(self, house: House) -> None:
        house.begin(email=MAIL)
        path = f"/v1/returns/{house.rma}"

        shown = house.client.get(path, params={"token": house.token})
        none = house.client.get(path)
        other = house.client.get(path, params={"token": house.ask_token().json()["token"][:-2]})

        assert shown.json()["rma"] == house.rma
        problem(none, 401, "not-authenticated")
        problem(other, 403, "customer-token-not-valid")

    def test_whatever_happens_to_a_return_can_be_told_or_is_kept_on_purpose(self) -> None:
        """Each payload either has words, or tells of what only the house needs."""
        families = {"return", "review", "shipment", "receipt", "settlement"}
        silent = {
            name
            for name, model in PAYLOADS.items()
            if model.family in families and not _has_words(model)
        }

        assert silent == {
            "return.assessed",
            "line.split",
            "line.dispositioned",
            "inventory.adjusted",
            "review.assigned",
            "review.decided",
            "parcel.received",
        }


def _has_words(model: Any) -> bool:
    from service.returns import story

    return (
        model in story._TELLERS
        or model in story._PLAIN
        or tell(model.model_construct()) is not None
    )
