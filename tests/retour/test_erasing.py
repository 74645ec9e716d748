from pathlib import Path

import pytest
from service_shop import ORDER

from retour.assembly import open_retour
from retour.erasing import erase_customer
from retour.settings import Settings
from service.orders.schemas import OrderBody


def test_it_tells_how_much_was_deleted_and_never_of_whom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(var_dir=tmp_path / "var")
    came_by = {"address": "12487 berlin, annastr. 1", "phone": "+4930123456"}
    order = {**ORDER, "email": "anna@example.org", "identity": came_by}
    retour = open_retour(settings)
    retour.orders.place("A-1", OrderBody.model_validate(order))
    retour.context.db.dispose()

    erase_customer(settings, ORDER["customer"])

    told = capsys.readouterr().out
    assert "Deleted: 3 look-ups, 2 links, 1 contact, 0 texts, 0 idempotency keys." in told
    assert [text for text in ("anna", "4930123456") if text in told] == []
