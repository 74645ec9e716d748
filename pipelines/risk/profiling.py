"""What each category of products is like, concluded for the log: from then on assessments see it, and the warehouse too."""

from datetime import UTC, datetime

from models.risk.profiles import profiles
from pipelines.warehouse.warehouse import Warehouse
from service.application import Retour
from service.domain.events import Actor, CategoryProfiled, Event
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

SOURCE = "retour/pipeline"


def conclude_profiles(warehouse: Warehouse, retour: Retour) -> tuple[CategoryProfiled, ...]:
    """Append a profile of every category, of what the lake holds; returns what was said. The same lake says the same."""
    as_of, through_seq = warehouse.run.as_of, warehouse.run.through_seq
    if as_of is None:
        return ()
    facts = warehouse.query("select * from intermediate.risk_facts")
    said = [
        CategoryProfiled(
            category=row["category"],
            as_of_seq=row["as_of_seq"],
            return_rate=row["return_rate"],
            abuse_rate=row["abuse_rate"],
            lean=row["lean"],
            price_minor=row["price"],
        )
        for row in profiles(facts, [through_seq]).iter_rows(named=True)
        if row["category"]
    ]
    if said:
        retour.conclusions.append([_event(each, as_of) for each in said])
    return tuple(said)


def _event(said: CategoryProfiled, as_of: datetime) -> Event:
    moment = as_of.replace(tzinfo=UTC)
    return Event(
        id=derived_event_id(to_us(moment), SOURCE, said.type, said.category, str(said.as_of_seq)),
        source=SOURCE,
        subject=said.category,
        time=moment,
        data=said,
        actor=Actor("pipeline"),
    )
