import pytest
from sqlalchemy import select

from service.application import Retour
from service.platform.auth import SCOPES, api_keys
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

        with pytest.raises(NotAllowed, match="role storefront or admin"):
            caller.require("returns:write")

    def test_an_admin_has_every_scope(self) -> None:
        assert SCOPES["admin"] == frozenset().union(*SCOPES.values())
