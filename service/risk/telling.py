"""What was concluded of a risk model, as events of the log. Their ids follow from what they say, so repeating one is harmless."""

from datetime import datetime

from models.risk.registry import Pointer
from models.risk.suspension import Suspension
from service.domain.events import (
    Actor,
    Event,
    ModelPromoted,
    ModelResumed,
    ModelSuspended,
)
from service.platform.clock import to_us
from service.platform.ids import derived_event_id

_SOURCE = "retour/risk"
_Said = ModelPromoted | ModelSuspended | ModelResumed


def promoted(pointer: Pointer, model_sha256: str, actor: Actor, *, is_rollback: bool) -> Event:
    """That this pointer was set."""
    said = ModelPromoted(
        version=pointer.version,
        previous=pointer.previous,
        is_rollback=is_rollback,
        by=pointer.by,
        reason=pointer.reason,
        model_sha256=model_sha256,
    )
    return _event(said, datetime.fromisoformat(pointer.promoted_at), actor)


def suspended(suspension: Suspension, actor: Actor) -> Event:
    """That this model was suspended."""
    said = ModelSuspended(
        version=suspension.version,
        cause=suspension.cause,
        by=suspension.by,
        reason=suspension.reason,
    )
    return _event(said, datetime.fromisoformat(suspension.since), actor)


def resumed(version: str, at: datetime, by: str, reason: str, actor: Actor) -> Event:
    """That a suspended model decides again."""
    return _event(ModelResumed(version=version, by=by, reason=reason), at, actor)


def _event(said: _Said, moment: datetime, actor: Actor) -> Event:
    us = to_us(moment)
    return Event(
        id=derived_event_id(us, _SOURCE, said.type, said.version, str(us)),
        source=_SOURCE,
        subject=said.version,
        time=moment,
        data=said,
        actor=actor,
    )
