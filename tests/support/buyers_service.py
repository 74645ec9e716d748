"""The service on a port of its own, with flags on products, and keys of those who may answer them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from migrated import open_migrated
from policy_with import ALL_PASSES, policy_with
from rivals import flag

from service.api import create_app
from service.application import Retour
from service.domain.risk import RulesOnly
from service.platform.clock import SystemClock
from service.platform.ids import SystemIds
from service.staff.schemas import StaffBody

_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class BuyersService:
    """Where it answers, the application behind it, and the flag on each product."""

    address: str
    retour: Retour
    flag_ids: dict[str, str]
    keys: dict[str, str]
    stop: Callable[[], None]

    def status(self, sku: str) -> str:
        return self.retour.flags.get(self.flag_ids[sku]).status

    def steps(self, sku: str) -> list[str]:
        """What happened to the flag, the oldest first."""
        return [each.step for each in self.retour.flags.story(self.flag_ids[sku]).history]


@contextmanager
def buyers_service(folder: Path, *skus: str) -> Iterator[BuyersService]:
    """A service with a flag on each product, the buyer `s-1`, and keys: `buyer` is theirs, `shop` may only read."""
    db = open_migrated(f"sqlite:///{folder / 'retour.db'}")
    retour = Retour(
        db, policy_with(ALL_PASSES), RulesOnly(), SystemClock(), SystemIds(), secret=b"a test's"
    )
    raised = {sku: flag(sku) for sku in skus}
    retour.conclusions.append(list(raised.values()))
    hired = {"role": "buyer", "name": "Li", "languages": ["zh"], "capacity": 5}
    retour.staff.put("s-1", StaffBody.model_validate(hired))
    keys = {
        "buyer": retour.staff.create_key("s-1", "buyer", "Li's"),
        "shop": retour.keys.create("shop", "the shop's"),
        "carrier": retour.keys.create("carrier", "a carrier's"),
    }
    ids = {sku: event.id for sku, event in raised.items()}
    try:
        with serving(retour) as (address, stop):
            yield BuyersService(address, retour, ids, keys, stop)
    finally:
        db.dispose()


@contextmanager
def serving(retour: Retour) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a server for the application, and what stops it early."""
    server, thread = _started(retour)

    def stop() -> None:
        server.should_exit = True
        thread.join(_PATIENCE_SECONDS)

    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", stop
    finally:
        stop()


def _started(retour: Retour) -> tuple[uvicorn.Server, threading.Thread]:
    """A server in a thread of its own, on a port that was free; it answers already."""
    up = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, *arguments: object, **named: object) -> None:
            await super().startup(*arguments, **named)
            up.set()

    config = uvicorn.Config(
        create_app(retour), host="127.0.0.1", port=0, log_level="critical", ws="none"
    )
    server = Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert up.wait(_PATIENCE_SECONDS)
    return server, thread
