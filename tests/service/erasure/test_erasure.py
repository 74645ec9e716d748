import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from house import OVERSEAS, House, a_worker
from rivals import await_lock, own_retour
from service_shop import Shop
from sqlalchemy import Connection, select, update
from victims import write_letter_when_told

from service.application import Retour
from service.cases.repository import cases
from service.customers.contacts import mail_lookup, mail_sha256, note_contact
from service.customers.repository import contacts, customer_links
from service.erasure.commands import Erased, UnknownCustomer
from service.platform import texts
from service.platform.db import metadata
from service.platform.identity import Kind, identity_tokens
from service.platform.mail import FolderMailer, MailDelayed
from service.worker import LEASE

ANNA, MAIL, WORDS = "anna-4711", "anna@example.org", "I am Anna, it broke"
HOME = "12487 berlin, annastr. 1"
CAME_BY: dict[Kind, str] = {
    "address": HOME,
    "device": "d-of-anna",
    "phone": "+4930123456",
    "payment": "card-of-anna",
}


def meet(retour: Retour, connection: Connection) -> str:
    """Anna's token, made at the first meeting."""
    return retour.context.identity.tokens(connection, {"customer": ANNA})["customer"]


def customer_key(retour: Retour, reference: str = ANNA) -> str | None:
    with retour.context.db.read() as connection:
        return retour.context.identity.known_customer_key(connection, reference)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Anna bought, returned and wrote; Bert, who lives with her, bought too."""
    for order_id, customer, mail, came_by in (
        ("A-1", ANNA, MAIL, CAME_BY),
        ("B-1", "bert", "bert@example.org", {"address": HOME, "device": "d-of-bert"}),
    ):
        shop.put_order(order_id, customer=customer, email=mail, language="zh", identity=came_by)
        shop.put_parcel(order_id)
    rma = shop.apply(customer=ANNA, key=f"return of {ANNA}").json()["rma"]
    shop.apply(order_id="B-1", customer="bert", key="return of bert")
    shop.ask_token(mail=MAIL, key=MAIL)
    shop.ask_token(mail="wrong@example.org")
    with shop.retour.context.db.write() as connection:
        for key, body in (
            (customer_key(shop.retour), WORDS),
            (customer_key(shop.retour, "bert"), "?"),
        ):
            written = texts.StoredText(body, "message", shop.clock.now(), key, rma)
            texts.write(connection, shop.retour.context.ids, written)
    return shop


def traces(shop: Shop) -> tuple[str, ...]:
    """All that could lead to Anna: her reference, her addresses, her words, and their hashes."""
    identity = shop.retour.context.identity
    look_ups = (identity.keyed_hash("customer", ANNA), mail_lookup(identity, mail_sha256(MAIL)))
    came_by = [identity.keyed_hash(kind, text) for kind, text in CAME_BY.items()]
    return ANNA, MAIL, WORDS, mail_sha256(MAIL), *look_ups, *CAME_BY.values(), *came_by


def links(retour: Retour, customer_key: str | None) -> dict[str, set[str]]:
    """The tokens that a customer is linked to, by kind."""
    query = select(customer_links).where(customer_links.c.customer_key == customer_key)
    found: dict[str, set[str]] = {}
    with retour.context.db.read() as connection:
        for each in connection.execute(query):
            found.setdefault(each.kind, set()).add(each.token)
    return found


def cells(shop: Shop) -> Iterator[str]:
    """Every value of every table, the log included."""
    with shop.retour.context.db.read() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                yield from map(str, row)


class TestErase:
    def test_afterwards_nothing_in_any_table_or_event_leads_to_the_customer(
        self, shop: Shop
    ) -> None:
        before = " ".join(cells(shop))
        there = [trace for trace in traces(shop) if trace in before]
        assert len(there) == 9  # addresses are hashed with a key

        erased = shop.retour.erasure.erase(ANNA)

        assert erased == Erased(
            look_ups=5,
            links=4,
            contacts=1,
            texts=1,
            idempotency_keys=2,
            tracking_numbers=0,
            letters=0,
        )
        after = " ".join(cells(shop))
        assert [trace for trace in traces(shop) if trace in after] == []

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_nor_does_a_byte_of_the_databases_files(self, shop: Shop, database_url: str) -> None:
        file = Path(database_url.removeprefix("sqlite:///"))
        here = [path for path in file.parent.glob(f"{file.name}*") if path.suffix != ".db-shm"]
        assert any(WORDS.encode() in path.read_bytes() for path in here)

        shop.retour.erasure.erase(ANNA)

        left = b"".join(path.read_bytes() for path in here if path.exists())
        assert [trace for trace in traces(shop) if trace.encode() in left] == []
        assert b"bert@example.org" in left

    def test_what_happened_stays_and_so_do_others(self, shop: Shop) -> None:
        before = shop.types()

        shop.retour.erasure.erase(ANNA)

        assert shop.types() == before
        with shop.retour.context.db.read() as connection:
            (contact,) = connection.execute(select(contacts)).all()
            (words,) = connection.execute(select(texts.texts)).all()
        assert (contact.email, words.body) == ("bert@example.org", "?")
        assert customer_key(shop.retour, "bert") is not None

    def test_no_link_of_the_customer_stays_and_every_one_of_another_does(self, shop: Shop) -> None:
        anna, bert = customer_key(shop.retour), customer_key(shop.retour, "bert")
        assert set(links(shop.retour, anna)) == set(CAME_BY)
        before = links(shop.retour, bert)

        shop.retour.erasure.erase(ANNA)

        assert links(shop.retour, anna) == {}
        assert links(shop.retour, bert) == before != {}

    def test_who_shares_an_address_gets_a_new_token_of_it_and_keeps_the_device(
        self, shop: Shop
    ) -> None:
        bert, annas = (
            customer_key(shop.retour, "bert"),
            links(shop.retour, customer_key(shop.retour)),
        )
        shop.retour.erasure.erase(ANNA)

        shop.put_order("B-2", customer="bert", identity={"address": HOME, "device": "d-of-bert"})

        now = links(shop.retour, bert)
        assert len(now["address"]) == 2
        assert len(now["device"]) == 1
        assert len(now["address"] - annas["address"]) == 1

    def test_who_comes_back_shares_nothing_with_who_was_erased(self, shop: Shop) -> None:
        before = links(shop.retour, customer_key(shop.retour))
        shop.retour.erasure.erase(ANNA)

        shop.put_order("A-2", customer=ANNA, identity=CAME_BY)

        now = links(shop.retour, customer_key(shop.retour))
        assert set(now) == set(before)
        assert [kind for kind in now if now[kind] & before[kind]] == []

    def test_who_buys_again_is_somebody_else(self, shop: Shop) -> None:
        before = customer_key(shop.retour)
        shop.retour.erasure.erase(ANNA)
        assert customer_key(shop.retour) is None

        shop.put_order("A-2", customer=ANNA)

        assert customer_key(shop.retour) not in {None, before}

    def test_the_old_orders_are_nobodys(self, shop: Shop) -> None:
        shop.retour.erasure.erase(ANNA)
        shop.put_order("A-2", customer=ANNA, email=MAIL)

        assert shop.apply(customer=ANNA).status_code == 404
        assert shop.ask_token("A-1", MAIL).status_code == 404

    def test_nobody_is_erased_by_mistake(self, shop: Shop) -> None:
        with pytest.raises(UnknownCustomer, match="nothing was deleted") as refused:
            shop.retour.erasure.erase("anna")
        assert "anna" not in str(refused.value)

        shop.retour.erasure.erase(ANNA)
        with pytest.raises(UnknownCustomer):
            shop.retour.erasure.erase(ANNA)

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_an_address_that_is_told_at_the_same_moment_goes_too(
        self, retour: Retour, database_url: str
    ) -> None:
        with retour.context.transaction() as transaction:
            meet(retour, transaction.connection)
        other = own_retour(database_url)
        with ThreadPoolExecutor(1) as pool:
            with retour.context.transaction() as transaction:
                key = meet(retour, transaction.connection)
                note_contact(transaction, key, MAIL, None)
                erasing = pool.submit(other.erasure.erase, ANNA)
                await_lock(retour)
            assert erasing.result(timeout=30).contacts == 1
        other.context.db.dispose()

    def test_of_one_who_is_gone_no_address_is_noted(self, retour: Retour) -> None:
        with retour.context.transaction() as transaction:
            key = meet(retour, transaction.connection)
            retour.context.identity.forget(transaction.connection, ANNA)
            note_contact(transaction, key, MAIL, "en")

        with retour.context.db.read() as connection:
            assert connection.execute(select(contacts)).all() == []
            assert connection.execute(select(identity_tokens)).all() == []


class TestWhatWasSentAndCameBack:
    """Anna and Bert sent mugs back, each by a carrier; letters went to files."""

    ANNAS, BERTS = "JD0001-ANNA", "JD0002-BERT"

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "mail"

    @pytest.fixture
    def house(self, house: House, folder: Path) -> House:
        for order_id, customer, mail, tracking in (
            ("B-1", "bert", "bert@example.org", self.BERTS),
            ("A-1", ANNA, MAIL, self.ANNAS),
        ):
            order = {**OVERSEAS, "customer": customer, "email": mail}
            assert house.put_order(order_id, **order).is_success
            assert house.put_parcel(order_id).is_success
            house.rma = house.apply(order_id=order_id, customer=customer).json()["rma"]
            sent = {"method": "own_carrier", "carrier": "DHL", "tracking": tracking}
            house.does("storefront", "shipment", **sent)
            complaint = {"kind": "complaint", "rma": house.rma, "text": "Nobody answers."}
            proof = {"Retour-Customer": house.token}
            made = house.call("storefront", "POST", "/v1/cases", json=complaint, headers=proof)
            assert made.is_success
            body = {"tracking": tracking, "rma": house.rma}
            assert house.call("inspector", "POST", "/v1/parcels", json=body).is_success
        a_worker(house.retour, FolderMailer(folder)).run_due()
        return house

    def test_tracking_numbers_and_letters_go_and_others_stay(
        self, house: House, folder: Path
    ) -> None:
        before = " ".join(cells(house))
        assert self.ANNAS in before
        (one, *_) = [path for path in folder.iterdir() if MAIL in path.read_text()]
        (folder / f".{one.name}.77").write_text(MAIL)

        erased = house.retour.erasure.erase(ANNA, FolderMailer(folder))

        assert erased.tracking_numbers == 2
        assert erased.letters >= 2
        after = " ".join(cells(house))
        assert (self.ANNAS in after, self.BERTS in after) == (False, True)
        letters = [path.read_text() for path in folder.iterdir()]
        assert [text for text in letters if MAIL in text or house.rma in text] == []
        assert len([text for text in letters if "bert@example.org" in text]) == erased.letters

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_nor_does_a_byte_of_the_databases_files_tell_the_number(
        self, house: House, database_url: str
    ) -> None:
        file = Path(database_url.removeprefix("sqlite:///"))

        house.retour.erasure.erase(ANNA)

        left = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
        assert (self.ANNAS.encode() in left, self.BERTS.encode() in left) == (False, True)

    def test_a_parcel_that_nobody_knew_the_return_of_leads_nowhere(self, house: House) -> None:
        body = {"tracking": "JD0003", "rma": None}
        assert house.call("inspector", "POST", "/v1/parcels", json=body).is_success
        told = {"method": "own_carrier", "carrier": "DHL", "tracking": "JD0003"}
        house.rma = house.apply(customer=ANNA).json()["rma"]
        house.does("storefront", "shipment", **told)

        assert house.retour.erasure.erase(ANNA).tracking_numbers == 4
        assert "JD0003" not in " ".join(cells(house))

    def test_a_case_that_names_only_their_return_is_theirs_too(
        self, house: House, folder: Path
    ) -> None:
        with house.retour.context.db.write() as connection:
            connection.execute(update(cases).values(customer_key=None))
            theirs = select(cases.c.case_id).where(cases.c.rma == house.rma)
            case_id = connection.execute(theirs).scalar_one()
        path, body = f"/v1/cases/{case_id}/messages", {"text": "Dear Anna Schmidt, sorry."}
        assert house.call("after_sales", "POST", path, json=body).is_success
        mailer = FolderMailer(folder)
        a_worker(house.retour, mailer).run_due()
        assert any("Anna Schmidt" in path.read_text() for path in folder.iterdir())

        house.retour.erasure.erase(ANNA, mailer)

        left = " ".join(path.read_text() for path in folder.iterdir())
        assert [trace for trace in (MAIL, "Anna Schmidt", house.rma) if trace in left] == []

    def test_where_a_letter_cannot_be_deleted_nothing_is(self, house: House) -> None:
        class Closed:
            def forget(self, job_ids: Sequence[str]) -> int:
                raise MailDelayed("cannot delete")

        before = list(cells(house))
        with pytest.raises(MailDelayed):
            house.retour.erasure.erase(ANNA, Closed())

        assert list(cells(house)) == before


class TestALetterInAWorkersHand:
    """Another process has read to whom a letter goes, and what it says, before the erasure, and writes it when it is told."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "mail"

    @pytest.fixture
    def house(self, house: House) -> House:
        assert house.put_order(**{**OVERSEAS, "customer": ANNA, "email": MAIL}).is_success
        assert house.put_parcel().is_success
        house.rma = house.apply(customer=ANNA).json()["rma"]
        return house

    @contextmanager
    def writer(
        self, house: House, database_url: str, folder: Path, *, is_killed: bool = False
    ) -> Iterator[tuple[BaseProcess, Event]]:
        """The process, with the letter in hand; and what tells it to write."""
        spawn = multiprocessing.get_context("spawn")
        in_hand, go = spawn.Event(), spawn.Event()
        told = (database_url, house.clock.now(), folder, is_killed, in_hand, go)
        process = spawn.Process(target=write_letter_when_told, args=told)
        process.start()
        try:
            assert in_hand.wait(60)
            yield process, go
        finally:
            process.kill()
            process.join()

    def test_is_not_left_where_it_is_written_after_the_erasure(
        self, house: House, database_url: str, folder: Path
    ) -> None:
        with self.writer(house, database_url, folder) as (process, go):
            assert house.retour.erasure.erase(ANNA, FolderMailer(folder)).letters == 0
            go.set()
            process.join(60)
            assert process.exitcode == 0

        assert list(folder.iterdir()) == []

    def test_is_not_left_where_it_is_written_while_the_erasure_ends(
        self, house: House, database_url: str, folder: Path
    ) -> None:
        """The erasure has looked for letters, and is not committed yet."""
        with self.writer(house, database_url, folder) as (process, go):

            class Overtaken(FolderMailer):
                def forget(self, job_ids: Sequence[str]) -> int:
                    found = super().forget(job_ids)
                    go.set()
                    await_letter(folder)
                    return found

            assert house.retour.erasure.erase(ANNA, Overtaken(folder)).letters == 0
            process.join(60)
            assert process.exitcode == 0

        assert list(folder.iterdir()) == []

    def test_is_not_left_where_its_worker_was_killed_when_it_was_written(
        self, house: House, database_url: str, folder: Path
    ) -> None:
        with self.writer(house, database_url, folder, is_killed=True) as (_, go):
            house.retour.erasure.erase(ANNA, FolderMailer(folder))
            go.set()
            await_letter(folder)

        house.clock.move_to(house.clock.now() + LEASE)
        a_worker(house.retour, FolderMailer(folder)).run_due()

        assert list(folder.iterdir()) == []

    def test_stays_where_nobody_is_erased(
        self, house: House, database_url: str, folder: Path
    ) -> None:
        with self.writer(house, database_url, folder) as (process, go):
            go.set()
            process.join(60)

        (letter,) = folder.iterdir()
        assert MAIL in letter.read_text()


def await_letter(folder: Path) -> None:
    until = time.monotonic() + 60
    while not any(folder.glob("*.eml")):
        assert time.monotonic() < until, "nobody wrote a letter"
        time.sleep(0.01)
