"""The play: day by day, everybody acts when it is their turn, and the worker does what is due in between."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from service.application import Retour
from service.catalog.schemas import ProductBody
from service.platform.clock import VirtualClock, from_us, to_us
from service.platform.problems import Problem
from simulator.behaviour import shifts_of
from simulator.goods import CATEGORIES
from simulator.plan import DayPlan, Plan
from simulator.play import customers, staff
from simulator.play.reactions import react
from simulator.play.stage import Stage, Thing, life_of, order_id
from simulator.world import DAY_US, HOUR_US

_AT_ONCE = 1000
_CATALOGUE_HOUR = 6
_LEARNS_FROM = 3


class Works(Protocol):
    """Does what is due by the clock; says when the next job is."""

    def catch_up(self) -> datetime | None: ...


class Play:
    """A practice shop's life. `begin` once, then `day` after `day`; each may be given another `Retour` and worker.

    `start` must be a midnight in UTC, and the clock must stand there.
    """

    def __init__(self, plan: Plan, clock: VirtualClock, retour: Retour) -> None:
        start = clock.now()
        self.stage = Stage(
            plan=plan,
            clock=clock,
            start_us=to_us(start),
            shifts=shifts_of(plan.world.scenario, start.weekday()),
            retour=retour,
        )
        self.position = retour.log_head()

    def begin(self, retour: Retour) -> None:
        """The shop opens: staff and catalogue are there."""
        self.stage.retour = retour
        staff.hire(self.stage)
        goods = self.stage.plan.world.goods
        for product in range(len(goods)):
            if goods.launch_day[product] <= 0:
                self._put_product(product, 0)

    def day(self, day: int, retour: Retour, worker: Works) -> DayPlan:
        """Play a day to its end; what was planned for it, for whoever keeps the truth."""
        planned = self.begin_day(day, retour)
        self.until(self.stage.start_us + (day + 1) * DAY_US, retour, worker)
        return planned

    def begin_day(self, day: int, retour: Retour) -> DayPlan:
        """Put all that will come of a day's orders on the agenda."""
        stage = self.stage
        stage.retour = retour
        self._look()  # what a buyer did while nobody played counts for this day
        planned = stage.plan.day(day)
        self._take_in(planned)
        self._renew_catalogue(day)
        if day % 7 == 6 and len(stage.tried) >= _LEARNS_FROM:
            stage.plan.learn(sum(stage.tried) / len(stage.tried))
            stage.tried.clear()
        return planned

    def until(self, end_us: int, retour: Retour, worker: Works) -> None:
        """Let everything happen that is due before `end_us`."""
        stage, agenda = self.stage, self.stage.agenda
        stage.retour = retour
        while True:
            job = worker.catch_up()
            self._look()
            due_us = None if job is None else to_us(job)
            next_us = agenda.next_us
            if due_us is not None and due_us < end_us and (next_us is None or due_us <= next_us):
                self._move_to(due_us)
            elif next_us is not None and next_us < end_us:
                item = agenda.take()
                self._move_to(item.due_us)
                self._act(item.verb, item.about)
            else:
                break
        stage.clock.move_to(from_us(end_us))

    def _move_to(self, us: int) -> None:
        """Time goes on; what should have happened before happens now."""
        clock = self.stage.clock
        clock.move_to(max(from_us(us), clock.now()))

    def _look(self) -> None:
        """Everybody sees what happened."""
        events = self.stage.retour.read_log(self.position, _AT_ONCE)
        if events:
            self.position = events[-1].seq
            react(self.stage, events)

    def _act(self, verb: str, about: tuple[Any, ...]) -> None:
        if verb in _OF_LIVES and about[0] not in self.stage.lives:
            return
        try:
            _VERBS[verb](self.stage, *about)
        except Problem as refused:
            self.stage.refused[f"{verb}: {type(refused).__name__}"] += 1

    def _take_in(self, planned: DayPlan) -> None:
        """Put a day's plan on the agenda."""
        stage = self.stage
        lines = defaultdict(list)
        for line in planned.lines.iter_rows(named=True):
            lines[line["order"]].append(line)
        for order in planned.orders.iter_rows(named=True):
            number = order["order"]
            stage.orders[number] = {**order, "lines": lines[number]}
            stage.agenda.plan(stage.start_us + order["placed_us"], "order", number)
        things = self._things(planned)
        for row in planned.requests.iter_rows(named=True):
            life = life_of(row)
            life.things = tuple(things[life.request])
            life.language = "zh" if stage.orders[life.order]["is_chinese"] else "en"
            stage.planned[life.request] = life
            stage.agenda.plan(stage.start_us + life.requested_us, "apply", life.request)
        for claim in planned.claims.iter_rows(named=True):
            stage.agenda.plan(stage.start_us + claim["claimed_us"], "claim", claim["order"])
            if claim["is_abusive"]:
                stage.false_claims.add(order_id(claim["order"]))

    def _things(self, planned: DayPlan) -> dict[int, list[Thing]]:
        goods = self.stage.plan.world.goods
        things: dict[int, list[Thing]] = defaultdict(list)
        for row in planned.request_lines.iter_rows(named=True):
            product = row["product"]
            things[row["request"]].append(
                Thing(
                    order_line_no=row["order_line_no"],
                    sku=goods.sku[product],
                    category=CATEGORIES[goods.category[product]].name,
                    quantity=row["quantity"],
                    euro_minor=int(goods.price_minor[product]) * row["quantity"],
                    reason=row["reason"],
                    cause=row["cause"],
                    contents=row["contents"],
                    grade=row["grade"],
                    missing=row["missing"],
                )
            )
        return things

    def _renew_catalogue(self, day: int) -> None:
        goods, stage = self.stage.plan.world.goods, self.stage
        if day == 0:
            return
        at_us = stage.start_us + day * DAY_US + _CATALOGUE_HOUR * HOUR_US
        launched = (goods.launch_day == day).nonzero()[0].tolist()
        for product in sorted({*launched, *goods.new_lots(day).tolist()}):
            stage.agenda.plan(at_us, "put_product", product, day)

    def _put_product(self, product: int, day: int) -> None:
        put_product(self.stage, product, day)


def put_product(stage: Stage, product: int, day: int) -> None:
    """The shop tells of a product, with the batch that is sold from today on."""
    goods = stage.plan.world.goods
    body = ProductBody(
        title=goods.title[product],
        category=CATEGORIES[goods.category[product]].name,
        vendor=goods.vendor[product],
        cost_minor=int(goods.cost_minor[product]),
        price_minor=int(goods.price_minor[product]),
        currency="EUR",
        lot=goods.lot(product, day),
        parent=goods.parent(product),
    )
    stage.retour.catalog.put(goods.sku[product], body)


def forget(stage: Stage, rma: str) -> None:
    """Nobody will ask after this return any more."""
    life = stage.lives.pop(rma)
    stage.payments.pop(life.order_id, None)


def forget_order(stage: Stage, number: int) -> None:
    stage.orders.pop(number, None)
    stage.false_claims.discard(order_id(number))


_OF_LIVES: dict[str, Callable[..., None]] = {
    "cancel": customers.cancel,
    "announce": customers.announce,
    "answer": customers.answer,
    "ask_again": customers.ask_again,
    "choose": customers.choose,
    "rate": customers.rate,
    "complain": customers.complain,
    "miss_pickup": staff.miss_pickup,
    "hand_over": staff.hand_over,
    "scan": staff.scan,
    "arrive": staff.arrive,
    "review": staff.review,
    "inspect": staff.inspect,
    "send_back": staff.send_back,
    "forget": forget,
}
_VERBS: dict[str, Callable[..., None]] = {
    **_OF_LIVES,
    "order": customers.order,
    "deliver": customers.deliver,
    "apply": customers.apply,
    "claim": customers.claim,
    "match": staff.match,
    "pay": staff.pay,
    "pay_otherwise": staff.pay_otherwise,
    "close_case": staff.close_case,
    "answer_case": staff.answer_case,
    "write_back": customers.write_back,
    "hand_on": staff.hand_on,
    "go_away": staff.go_away,
    "put_product": put_product,
    "forget_order": forget_order,
}
