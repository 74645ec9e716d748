"""A small shop with everybody in it, one step at a time; after each step all that must always hold is looked at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from bank import Bank
from house import a_worker
from outbox import Outbox
from policy_with import ALL_PASSES, policy_with
from replayed import Lines, dues, places, replay
from service_shop import Shop
from sqlalchemy import Connection, Row, func, select

from service.application import Retour
from service.domain import lifecycle
from service.domain.cases import OBJECTION
from service.domain.lifecycle import MACHINES, Line
from service.domain.money import LinePrice, Paid, paid_per_line
from service.domain.risk import RulesOnly
from service.orders import repository as orders
from service.platform import log
from service.platform.clock import VirtualClock, from_us, to_us
from service.platform.db import Database
from service.platform.ids import SeededIds
from service.platform.jobs import jobs
from service.returns import repository
from service.returns.held import alarm_key
from service.settlements.repository import refund_lines, refunds
from service.stock.repository import stock, stock_moves

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CUSTOMER = "anna-4711"
# What each order costs makes every share of discount and shipping come out uneven.
ORDERS: Mapping[str, Mapping[str, Any]] = {
    "A-1": {
        "lines": [
            {"line_no": 1, "sku": "MUG", "quantity": 3, "unit_price_minor": 1099},
            {"line_no": 2, "sku": "POT", "quantity": 2, "unit_price_minor": 4933, "discount_minor": 77},
        ],
        "discount_minor": 1001,
        "shipping_minor": 499,
    },
    "B-1": {
        "lines": [
            {"line_no": 1, "sku": "POT", "quantity": 1, "unit_price_minor": 4933},
            {"line_no": 2, "sku": "MUG", "quantity": 2, "unit_price_minor": 1099},
            {"line_no": 3, "sku": "GIFT", "quantity": 1, "unit_price_minor": 0},
        ],
        "shipping_minor": 700,
    },
}  # fmt: skip
CURRENCIES = {"US": "USD", "DE": "EUR", "CN": "CNY"}
_MONEY_WENT = ("refund_pending", "refund_unknown", "refund_failed", "refunded")


class World(Shop):
    """The shop, its customers' returns, its staff, its bank and its worker, on a database of their own."""

    def __init__(
        self, file: Path, country: str, refund_on: str = "inspected", late: str = "review"
    ) -> None:
        self.bank, clock = Bank(), VirtualClock(NOON)
        self.policy = policy_with({**ALL_PASSES, "refund.on": refund_on, "window.late": late})
        super().__init__(
            Retour(
                Database(f"sqlite:///{file}", durable=False),
                self.policy,
                RulesOnly(),
                clock,
                SeededIds(7),
                secret=b"a test's secret",
                payments=self.bank,
            ),
            clock,
        )
        self.worker = a_worker(self.retour, Outbox())
        self.rmas: list[str] = []
        self.parcels: list[str] = []
        self.by_hand: Counter[str] = Counter()
        self._versions: dict[str, int] = {}
        self._watcher = self.retour.context.db._connect()
        for order_id, order in ORDERS.items():
            self._begin_order(order_id, country, order)

    def close(self) -> None:
        self._watcher.close()
        self.retour.context.db.dispose()

    def tell(self, role: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """A step over HTTP. It never fails with a fault of ours, and a refused one leaves no trace."""
        before = self._commits()
        answer = self.call(role, "POST", path, **({} if body is None else {"json": body}), **more)
        assert answer.status_code < 500, answer.text
        if not answer.is_success:
            assert answer.status_code in (403, 404, 409, 422), answer.text
            assert self._commits() == before, f"{path} was refused, but something was written"
        return answer

    def on_return(self, role: str, rma: str, what: str, body: Any = None) -> httpx.Response:
        """A role does something to a return; a customer brings the token."""
        headers = {"Retour-Customer": self.retour.customers.return_token(rma).token}
        return self.tell(role, f"/v1/returns/{rma}/{what}", body, headers=headers)

    def take(self, answer: httpx.Response) -> None:
        """Remember the return that an application made."""
        if answer.status_code == 201:
            self.rmas.append(answer.json()["rma"])

    def lines(self, rma: str) -> dict[int, Line]:
        with self.retour.context.db.read() as connection:
            return self._lines(connection, rma)

    def is_in(self, rma: str, states: Sequence[str]) -> bool:
        """Whether a machine of one of its lines is in one of these states; in any, if none is named."""
        lines = self.lines(rma).values()
        return not states or any(line.state(m) in states for line in lines for m in MACHINES)

    def refunds(self, *states: str) -> Sequence[Row[Any]]:
        query = select(refunds).where(refunds.c.state.in_(states)).order_by(refunds.c.refund_id)
        with self.retour.context.db.read() as connection:
            return connection.execute(query).all()

    def pass_time(self, hours: float, *, does_anybody_work: bool = True) -> None:
        """Time passes; the worker does what becomes due when it does, or sleeps meanwhile."""
        until = self.clock.now() + timedelta(hours=hours)
        while does_anybody_work and (due := self.worker.next_due()) and due <= until:
            self.clock.move_to(max(due, self.clock.now()))
            self.worker.run_due()
        self.clock.move_to(until)

    def pay_by_hand(self, refund: Row[Any]) -> httpx.Response:
        """Finance pays at the counter and says so."""
        answer = self.tell("finance", f"/v1/refunds/{refund.refund_id}/settlement")
        if answer.is_success:
            self.by_hand[refund.refund_id] += 1
        return answer

    def is_paid_by_bank(self, refund: Row[Any]) -> bool:
        return any(
            answer.state == "settled"
            for key, answer in self.bank.answers.items()
            if key.startswith(f"{refund.refund_id}-")
        )

    def _answer_complaints(self) -> None:
        for case in self.call("after_sales", "GET", "/v1/cases?limit=500").json():
            if case["kind"] == OBJECTION:
                path = f"/v1/cases/{case['case_id']}/closure"
                assert self.tell("after_sales", path, {"outcome": "answered"}).is_success

    def end(self) -> None:
        """Everybody sleeps while time runs on; only what is owed is paid and sent. Every return must come to its end.

        Complaints are answered first: while one is open, nothing happens by itself over its customer's head.
        """
        self.bank.refuses = None
        self.bank.come_to_itself()
        self._answer_complaints()
        for _ in range(100):
            self._pay_what_is_owed()
            if all(self._is_closed(rma) for rma in self.rmas):
                break
            self.pass_time(24)
            self.look()
        states = {rma: places(self.lines(rma)) for rma in self.rmas if not self._is_closed(rma)}
        assert not states, f"these never end: {states}; {self.retour.jobs.entries()}"
        assert self.retour.jobs.entries(only_parked=True) == []

    def look(self) -> None:
        """Everything that must hold after any step."""
        with self.retour.context.db.read() as connection:
            self._look_at_units(connection)
            self._look_at_money(connection)
            self._look_at_stock(connection)
            for rma in self.rmas:
                self._look_at_return(connection, rma)

    def _begin_order(self, order_id: str, country: str, order: Mapping[str, Any]) -> None:
        told = {"customer": CUSTOMER, "country": country, "currency": CURRENCIES[country]}
        assert self.put_order(order_id, **told, **order).status_code == 201

    def _commits(self) -> int:
        """Changes whenever another connection commits something."""
        found: int = self._watcher.exec_driver_sql("PRAGMA data_version").scalar_one()
        self._watcher.rollback()
        return found

    def _lines(self, connection: Connection, rma: str) -> dict[int, Line]:
        head = repository.find(connection, rma)
        assert head is not None
        return repository.lines_of(repository.rows_of(connection, rma), head)

    def _is_closed(self, rma: str) -> bool:
        return lifecycle.roll_up(self.lines(rma).values()) == "closed"

    def _pay_what_is_owed(self) -> None:
        self.worker.run_due()
        for refund in self.refunds("failed"):
            body = {"means": "bank_transfer"}
            assert self.tell(
                "finance", f"/v1/refunds/{refund.refund_id}/other-means", body
            ).is_success
        self.worker.run_due()
        for rma in self.rmas:
            if any(line.resolution == "to_send_back" for line in self.lines(rma).values()):
                assert self.on_return("inspector", rma, "sent-back", {}).is_success

    def _look_at_units(self, connection: Connection) -> None:
        for order_id in ORDERS:
            there = orders.delivered(connection, order_id)
            for line_no, units in repository.units_in_returns(connection, order_id).items():
                assert units <= there[line_no].quantity, f"{order_id}, line {line_no}"

    def _look_at_money(self, connection: Connection) -> None:
        for order_id in ORDERS:
            self._look_at_order(connection, order_id)
        settled = 0
        for refund in connection.execute(select(refunds)):
            banks = self.is_paid_by_bank(refund)
            times = banks + self.by_hand[refund.refund_id]
            if refund.state == "settled":
                assert times == (refund.amount_minor > 0), f"refund paid {times} times"
            elif refund.state in ("pending", "failed"):
                assert times == 0
            settled += refund.amount_minor if banks else 0
        assert settled == self.bank.paid_minor

    def _look_at_order(self, connection: Connection, order_id: str) -> None:
        paid = self._paid(connection, order_id)
        all_paid_minor = sum(each.goods_minor + each.shipping_minor for each in paid.values())
        rows = connection.execute(select(refunds).where(refunds.c.order_id == order_id)).all()
        of_lines: Counter[str] = Counter()
        for row in connection.execute(select(refund_lines)):
            of_lines[row.refund_id] += row.amount_minor
        goodwill = sum(row.amount_minor for row in rows if row.trigger == "goodwill")
        assert goodwill <= all_paid_minor
        assert sum(row.amount_minor for row in rows) - goodwill <= all_paid_minor
        for row in rows:
            if row.trigger != "goodwill":
                assert row.amount_minor == of_lines[row.refund_id]
        if not any(row.trigger == "goodwill" for row in rows):
            self._look_at_last_cent(connection, order_id, paid)

    def _look_at_last_cent(
        self, connection: Connection, order_id: str, paid: Mapping[int, Paid]
    ) -> None:
        """A line of the order of which every unit came back in order, or was lost: its goods to the cent, its shipping by policy."""
        lines = [(rma, line) for rma in self.rmas for line in self._lines(connection, rma).values()]
        ordered = orders.lines_of(connection, order_id)
        for number, what in paid.items():
            mine = [
                (rma, line)
                for rma, line in lines
                if line.order_line_no == number
                and line.resolution in _MONEY_WENT
                and line.reception in ("passed", "waived", "lost_for_good", "kept")
                and line.offer_minor == 0
                and self._order_of(connection, rma) == order_id
            ]
            with_shipping = {line.refunds_shipping for _, line in mine}
            if sum(line.quantity for _, line in mine) < ordered[number].quantity:
                continue
            if len(with_shipping) > 1 or any(line.fee_percent for _, line in mine):
                continue
            went = sum(self._went_for(connection, rma, line.line_no) for rma, line in mine)
            shipping_minor = what.shipping_minor if True in with_shipping else 0
            assert went == what.goods_minor + shipping_minor, f"{order_id}, line {number}"

    def _order_of(self, connection: Connection, rma: str) -> str:
        found = repository.find(connection, rma)
        assert found is not None
        return str(found.order_id)

    def _went_for(self, connection: Connection, rma: str, line_no: int) -> int:
        query = (
            select(func.sum(refund_lines.c.amount_minor))
            .join(refunds)
            .where(refunds.c.rma == rma, refund_lines.c.line_no == line_no)
        )
        return int(connection.execute(query).scalar_one() or 0)

    def _paid(self, connection: Connection, order_id: str) -> dict[int, Paid]:
        prices = {
            number: LinePrice(row.quantity, row.unit_price_minor, row.discount_minor)
            for number, row in orders.lines_of(connection, order_id).items()
        }
        order = connection.execute(
            select(orders.orders).where(orders.orders.c.order_id == order_id)
        ).one()
        return paid_per_line(prices, order.discount_minor, order.shipping_minor)

    def _look_at_stock(self, connection: Connection) -> None:
        moved: Counter[tuple[str, str]] = Counter()
        for move in connection.execute(select(stock_moves)):
            moved[move.sku, move.place] += move.change
        there = {(row.sku, row.place): row.quantity for row in connection.execute(select(stock))}
        assert all(quantity >= 0 for quantity in there.values())
        assert there == {place: moved[place] for place in there}
        assert set(moved) <= set(there)

    def _look_at_return(self, connection: Connection, rma: str) -> None:
        head = repository.find(connection, rma)
        assert head is not None
        lines = self._lines(connection, rma)
        told = replay(log.read_subject(connection, rma), head.refund_on)
        assert places(lines) == places(told), f"log and tables tell of {rma} differently"
        self._look_at_dues(rma, dict(lines), told)
        assert head.version >= self._versions.get(rma, 1)
        self._versions[rma] = head.version
        is_closed = lifecycle.roll_up(lines.values()) == "closed"
        assert is_closed == (head.closed_at_us is not None)
        self._look_at_clocks(connection, rma, lines)

    def _look_at_dues(self, rma: str, lines: Lines, told: Lines) -> None:
        """Events tell when what waits is due, of several lines the earliest."""
        ours, theirs = dues(lines), dues(told)
        assert ours.keys() == theirs.keys(), f"log and tables tell of {rma}'s clocks differently"
        assert all(theirs[each] <= ours[each] for each in ours)
        assert len(lines) > 1 or ours == theirs, rma

    def _look_at_clocks(self, connection: Connection, rma: str, lines: Mapping[int, Line]) -> None:
        due = [us for each in lines.values() for m in MACHINES if (us := each.due_us(m))]
        alarm = connection.execute(select(jobs).where(jobs.c.key == alarm_key(rma))).one_or_none()
        if due:
            assert alarm is not None, f"{rma} has clocks and no alarm"
            assert alarm.state == "waiting", alarm.last_error
            assert alarm.due_at_us <= min(due) or alarm.attempts, from_us(min(due))
        for line in lines.values():
            waits = lifecycle.waits(line)
            assert waits or lifecycle.is_over(line), f"nobody waits for {line}"
            for each in waits:
                assert line.due_us(each.machine), f"no clock for {each.state} of {line}"
                assert lifecycle.default_of(line, each)

    def version_of(self, rma: str) -> int:
        return self._versions.get(rma, 1)

    def survey_token(self, rma: str) -> str:
        return self.retour.context.proofs.make("survey", rma).token

    def now_us(self) -> int:
        return to_us(self.clock.now())
