from collections.abc import Iterator
from pathlib import Path

import pytest
from told_order import ORDER, PARCEL

from retour.assembly import open_handlers, open_retour
from retour.erasing import erase_customer
from retour.settings import Settings
from service.orders.schemas import DeliveryBody, OrderBody
from service.returns.schemas import WithdrawalBody
from service.worker import Worker


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
    assert "Deleted: 3 look-ups, 2 links, 1 contact, 0 texts, 0 idempotency keys, " in told
    assert "0 tracking numbers, 0 letters." in told
    assert [text for text in ("anna", "4930123456") if text in told] == []


def test_the_letters_in_var_mail_go_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(var_dir=tmp_path / "var")
    retour = open_retour(settings)
    order = {**ORDER, "email": "anna@example.org"}
    retour.orders.place("A-1", OrderBody.model_validate(order))
    retour.orders.deliver("A-1", "1", DeliveryBody.model_validate({"lines": PARCEL["lines"]}))
    lines = [{"line_no": 1, "quantity": 1}]
    body = {"order_id": "A-1", "customer": ORDER["customer"], "lines": lines}
    retour.returns.withdraw(WithdrawalBody.model_validate(body))
    Worker(retour.context, open_handlers(settings, retour)).run_due()
    assert b"anna@example.org" in b"".join(each.read_bytes() for each in _letters(settings))
    retour.context.db.dispose()

    erase_customer(settings, ORDER["customer"])

    assert list(_letters(settings)) == []
    assert "1 letter." in capsys.readouterr().out


def _letters(settings: Settings) -> Iterator[Path]:
    return settings.mail_dir.iterdir()
