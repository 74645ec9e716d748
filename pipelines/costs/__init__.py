"""What returns cost beside the money that goes back: rates that a file assumes, since no event tells of them."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from retour.errors import UserError
from retour.settings import Settings
from service.domain.events import Currency
from service.platform.toml_files import FileKind, read_model

MOST_RATE_MINOR = (
    100_000  # of one unit or parcel: with the most units of an event it can still be added up
)
Rate = Annotated[int, Field(ge=0, le=MOST_RATE_MINOR)]
Rates = Annotated[dict[Currency, Rate], Field(description="minor units by ISO 4217 code")]
Percent = Annotated[int, Field(ge=0, le=100)]
_A_WHOLE_FILE = "`retour costs show` prints a whole cost file to copy from"


class _Section(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Freight(_Section):
    """What one parcel costs the shop, by how it goes."""

    pickup: Rates
    drop_off: Rates
    own_carrier: Rates
    unannounced: Rates
    sent_back: Rates


class Handling(_Section):
    """What one unit costs at the dock, by the depth of its inspection."""

    basic: Rates
    full: Rates


class WriteDown(_Section):
    """What part of the price paid is lost, in percent, by what becomes of the goods."""

    restock: Percent
    refurbish: Percent
    return_to_vendor: Percent
    liquidate: Percent
    donate: Percent
    recycle: Percent
    destroy: Percent
    kept: Percent
    lost: Percent


class Costs(_Section):
    """A whole cost file."""

    freight: Freight
    handling: Handling
    write_down: WriteDown


class CostRate(NamedTuple):
    """A row of `meta.cost_rates`: an amount in a currency, or a percentage in any."""

    kind: Literal["freight", "handling", "write_down"]
    word: str
    currency: str | None
    amount_minor: int | None
    percent: int | None


class BadCosts(UserError):
    """A cost file that cannot be used; a line for each fault names file, line, and what is allowed."""


_COST_FILE = FileKind(
    model=Costs,
    bad=BadCosts,
    name="cost file",
    if_unreadable=f"name a file, or leave RETOUR_COSTS empty for the built-in rates. {_A_WHOLE_FILE}",
    if_incomplete=_A_WHOLE_FILE,
    sample_text='"EUR"',
    sample_table="{ EUR = 590 }",
    patterns={r"^[A-Z]{3}$": "three capital letters of ISO 4217, such as EUR or CNY"},
)


def default_text() -> str:
    """The built-in cost file: complete, and explained line by line."""
    return (files("pipelines.costs") / "default.toml").read_text(encoding="utf-8")


@cache
def default_costs() -> Costs:
    """The built-in rates."""
    return Costs.model_validate(tomllib.loads(default_text()))


def read_costs(path: Path) -> Costs:
    """The rates in a file. Raises `BadCosts`."""
    return read_model(path, _COST_FILE)


def costs_in_force(settings: Settings) -> Costs:
    """The rates of this installation: those of RETOUR_COSTS, else the built-in ones. Raises `BadCosts`."""
    return read_costs(Path(settings.costs)) if settings.costs else default_costs()


def costs_text_in_force(settings: Settings) -> str:
    """The file of `costs_in_force`, comments and all. Raises `BadCosts`."""
    if not settings.costs:
        return default_text()
    read_costs(Path(settings.costs))
    return Path(settings.costs).read_text(encoding="utf-8-sig")


def cost_rates(costs: Costs) -> list[CostRate]:
    """The rates as SQL reads them, in order."""
    return sorted(_cost_rates(costs), key=lambda rate: (rate.kind, rate.word, rate.currency or ""))


def _cost_rates(costs: Costs) -> Iterator[CostRate]:
    for word, rates in costs.freight:
        yield from (CostRate("freight", word, name, rate, None) for name, rate in rates.items())
    for word, rates in costs.handling:
        yield from (CostRate("handling", word, name, rate, None) for name, rate in rates.items())
    for word, percent in costs.write_down:
        yield CostRate("write_down", word, None, None, percent)
