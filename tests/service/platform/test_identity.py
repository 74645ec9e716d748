from concurrent.futures import ThreadPoolExecutor

import pytest
from rivals import own_retour

from service.application import Retour
from service.platform.db import Database
from service.platform.identity import Identity
from service.platform.ids import SystemIds


def key(retour: Retour, reference: str) -> str:
    with retour.context.db.write() as connection:
        return retour.context.identity.customer_key(connection, reference)


class TestIdentity:
    def test_a_customer_keeps_one_token_and_another_gets_another(self, retour: Retour) -> None:
        assert key(retour, "anna") == key(retour, "anna")
        assert key(retour, "anna") != key(retour, "bert")

    def test_asking_makes_nothing(self, retour: Retour) -> None:
        with retour.context.db.read() as connection:
            assert retour.context.identity.known_customer_key(connection, "anna") is None
            assert retour.context.identity.known_customer_key(connection, "anna") is None

    def test_with_another_secret_nobody_is_recognised(self, retour: Retour, db: Database) -> None:
        key(retour, "anna")

        with db.read() as connection:
            stranger = Identity(b"another secret", SystemIds())
            assert stranger.known_customer_key(connection, "anna") is None

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_two_that_meet_a_customer_at_the_same_moment_agree(
        self, retour: Retour, database_url: str
    ) -> None:
        other = own_retour(database_url)
        with ThreadPoolExecutor(1) as pool:
            with retour.context.db.write() as connection:
                first = retour.context.identity.customer_key(connection, "anna")
                second = pool.submit(key, other, "anna")
            assert second.result(timeout=30) == first
        other.context.db.dispose()
