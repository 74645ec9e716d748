import re
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rivals import await_lock, own_retour
from sqlalchemy import select

from service.application import Retour
from service.platform.db import Database
from service.platform.identity import Identity, Kind, identity_tokens
from service.platform.ids import SystemIds

KINDS: tuple[Kind, ...] = get_args(Kind)


def token(retour: Retour, reference: str, kind: Kind = "customer") -> str:
    with retour.context.db.write() as connection:
        return retour.context.identity.tokens(connection, {kind: reference})[kind]


class TestIdentity:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_keeps_one_token_and_another_gets_another(
        self, retour: Retour, kind: Kind
    ) -> None:
        assert token(retour, "anna", kind) == token(retour, "anna", kind)
        assert token(retour, "anna", kind) != token(retour, "bert", kind)

    def test_a_token_shows_its_kind_and_nothing_else(self, retour: Retour) -> None:
        made = [token(retour, "anna", kind) for kind in KINDS]

        prefixes = ("cus", "adr", "dev", "pho", "pay")
        for each, prefix in zip(made, prefixes, strict=True):
            assert re.fullmatch(f"{prefix}_[0-9a-z]{{26}}", each)

    def test_the_same_text_is_something_else_in_another_kind(self, retour: Retour) -> None:
        made = {token(retour, "4711", kind).partition("_")[2] for kind in KINDS}

        assert len(made) == len(KINDS)

    def test_what_is_told_together_is_met_together(self, retour: Retour) -> None:
        known = token(retour, "Hauptstr. 1", "address")

        with retour.context.db.write() as connection:
            told: dict[Kind, str] = {"customer": "anna", "address": "Hauptstr. 1", "phone": "110"}
            found = retour.context.identity.tokens(connection, told)

        assert list(found) == list(told)
        assert found["address"] == known
        assert found["phone"] == token(retour, "110", "phone")

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    @given(
        told=st.lists(
            st.dictionaries(st.sampled_from(KINDS), st.sampled_from("abc"), min_size=1), max_size=8
        )
    )
    @settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_whatever_is_told_in_whatever_order_a_thing_has_one_token_and_a_token_one_thing(
        self, retour: Retour, told: list[dict[Kind, str]]
    ) -> None:
        pairs = set()
        for references in told:
            with retour.context.db.write() as connection:
                found = retour.context.identity.tokens(connection, references)
            pairs |= {(kind, text, found[kind]) for kind, text in references.items()}

        assert len({each[:2] for each in pairs}) == len({each[2] for each in pairs}) == len(pairs)

    def test_of_tokens_that_are_forgotten_the_things_are_met_anew(self, retour: Retour) -> None:
        home, work = token(retour, "home", "address"), token(retour, "work", "address")

        with retour.context.db.write() as connection:
            assert retour.context.identity.forget_tokens(connection, [home, "adr_unknown"]) == 1

        assert token(retour, "home", "address") != home
        assert token(retour, "work", "address") == work

    def test_asking_makes_nothing(self, retour: Retour) -> None:
        with retour.context.db.read() as connection:
            assert retour.context.identity.known_customer_key(connection, "anna") is None
            assert connection.execute(select(identity_tokens)).all() == []

    def test_with_another_secret_nobody_is_recognised(self, retour: Retour, db: Database) -> None:
        token(retour, "anna")

        with db.read() as connection:
            stranger = Identity(b"another secret", SystemIds())
            assert stranger.known_customer_key(connection, "anna") is None

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    @pytest.mark.parametrize("kind", KINDS)
    def test_two_that_meet_somebody_at_the_same_moment_agree(
        self, retour: Retour, database_url: str, kind: Kind
    ) -> None:
        other = own_retour(database_url)
        with ThreadPoolExecutor(1) as pool:
            with retour.context.db.write() as connection:
                first = retour.context.identity.tokens(connection, {kind: "anna"})[kind]
                second = pool.submit(token, other, "anna", kind)
                await_lock(retour)
            assert second.result(timeout=30) == first
        other.context.db.dispose()
