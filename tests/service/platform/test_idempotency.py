from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from rivals import own_retour
from sqlalchemy import select

from service.application import Retour
from service.platform.clock import to_us
from service.platform.idempotency import Attempt, IdempotencyKeyReused, Repeated, idempotency_keys

ATTEMPT = Attempt("key_1", "k-1", "a request")


def carry_out(retour: Retour, attempt: Attempt | None = ATTEMPT, subject: str = "R1") -> str:
    with retour.context.transaction(attempt, subject):
        return subject


class TestAttempt:
    def test_its_repetition_is_told_what_it_made_and_makes_nothing(self, retour: Retour) -> None:
        carry_out(retour)

        with pytest.raises(Repeated) as repeated:
            carry_out(retour, subject="R2")

        assert repeated.value.subject == "R1"
        with retour.context.db.read() as connection:
            (kept,) = connection.execute(select(idempotency_keys)).all()
        assert kept.created_at_us == to_us(retour.context.clock.now())

    def test_another_request_under_the_same_key_is_refused(self, retour: Retour) -> None:
        carry_out(retour)

        with pytest.raises(IdempotencyKeyReused, match="a key of its own"):
            carry_out(retour, replace(ATTEMPT, fingerprint="another request"))

    @pytest.mark.parametrize("attempt", [None, replace(ATTEMPT, caller="key_2")])
    def test_without_a_key_or_from_another_caller_it_is_another_attempt(
        self, retour: Retour, attempt: Attempt | None
    ) -> None:
        carry_out(retour)

        assert carry_out(retour, attempt, "R2") == "R2"

    def test_one_that_failed_may_be_made_again(self, retour: Retour) -> None:
        with pytest.raises(ZeroDivisionError), retour.context.transaction(ATTEMPT, "R1"):
            raise ZeroDivisionError

        assert carry_out(retour, subject="R2") == "R2"

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_a_repetition_at_the_same_moment_waits_for_the_first(
        self, retour: Retour, database_url: str
    ) -> None:
        other = own_retour(database_url)
        with ThreadPoolExecutor(1) as pool:
            with retour.context.transaction(ATTEMPT, "R1"):
                second = pool.submit(carry_out, other, ATTEMPT, "R2")
            with pytest.raises(Repeated, match="R1"):
                second.result(timeout=30)
        other.context.db.dispose()
