from typing import get_args

import pytest
from sqlalchemy import select

from service.application import Retour
from service.platform.auth import SCOPES, Caller, KeyRole, Scope, api_keys
from service.platform.problems import NotAllowed, NotAuthenticated, NotFound


class TestKeys:
    def test_a_key_is_recognised_and_never_stored(self, retour: Retour) -> None:
        key = retour.keys.create("shop", "my shop")

        assert key.startswith("rk_")
        assert retour.keys.caller(key).role == "shop"
        with retour.context.db.read() as connection:
            stored = [str(row) for row in connection.execute(select(api_keys))]
        assert not any(key in row for row in stored)

    def test_a_revoked_key_is_refused_and_still_listed(self, retour: Retour) -> None:
        key = retour.keys.create("shop", "my shop")
        (entry,) = retour.keys.entries()
        assert entry.revoked_at is None

        retour.keys.revoke(entry.key_id)

        with pytest.raises(NotAuthenticated, match="revoked"):
            retour.keys.caller(key)
        (entry,) = retour.keys.entries()
        assert (entry.name, entry.revoked_at) == ("my shop", retour.context.clock.now())

    def test_a_key_that_does_not_exist_cannot_be_revoked(self, retour: Retour) -> None:
        with pytest.raises(NotFound, match="retour keys list"):
            retour.keys.revoke("key_404")

    @pytest.mark.parametrize("key", [None, "", "rk_", "Ω" * 40])
    def test_what_is_no_key_is_refused(self, retour: Retour, key: str | None) -> None:
        with pytest.raises(NotAuthenticated, match="retour keys create"):
            retour.keys.caller(key)

    def test_a_refusal_names_the_roles_that_could(self, retour: Retour) -> None:
        caller = retour.keys.caller(retour.keys.create("shop", "x"))

        with pytest.raises(NotAllowed, match="role storefront or after_sales or admin"):
            caller.require("returns:write")


ROLES: tuple[KeyRole, ...] = (
    "shop", "storefront", "carrier", "reviewer", "inspector", "finance", "after_sales", "buyer", "admin",
)  # fmt: skip
RIGHTS = """
    orders:write     x.......x
    products:write   x.......x
    returns:write    .x....x.x
    returns:read     ...xxxx.x
    returns:own      .x......x
    reviews:decide   ...x....x
    receiving:write  ....x...x
    stock:write      x...x...x
    refunds:write    .....x..x
    cases:write      .....xx.x
    cases:read       ...x.xx.x
    surveys:read     ......xxx
    flags:read       x......xx
    flags:write      .......xx
    flags:comments   .......xx
    shipments:write  ..x.....x
    staff:write      ........x
    texts:read       ...x..x.x
"""
ROWS = dict(line.split() for line in RIGHTS.strip().splitlines())


class TestScopes:
    @pytest.mark.parametrize("scope", get_args(Scope))
    def test_each_scope_is_had_by_those_who_need_it_and_nobody_else(self, scope: Scope) -> None:
        marks = ["x" if scope in SCOPES[role] else "." for role in ROLES]

        assert "".join(marks) == ROWS[scope]

    def test_every_role_and_scope_stands_in_the_table(self) -> None:
        assert set(ROWS) == set(get_args(Scope))
        assert set(SCOPES) == set(get_args(KeyRole)) == set(ROLES)

    @pytest.mark.parametrize("role", SCOPES)
    def test_a_caller_is_held_to_the_role(self, role: KeyRole) -> None:
        caller = Caller("key_1", role)

        for scope in get_args(Scope):
            assert caller.may(scope) == (scope in SCOPES[role])
            if not caller.may(scope):
                with pytest.raises(NotAllowed, match=f"role {role} has no scope {scope}"):
                    caller.require(scope)

    def test_one_of_several_scopes_is_enough(self) -> None:
        Caller("key_1", "storefront").require("returns:read", "returns:own")

        with pytest.raises(NotAllowed, match="no scope returns:read or returns:own"):
            Caller("key_1", "shop").require("returns:read", "returns:own")
