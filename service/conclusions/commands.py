"""What a run concluded and somebody may act on is appended to the log, so that it outlives the warehouse."""

from collections.abc import Sequence

from service.domain.events import Event
from service.flags.standing import take_in
from service.platform import log
from service.platform.unit import Context


class Conclusions:
    """Takes in the pipeline's conclusions; their ids follow from what they say, so repeating one is harmless."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def append(self, conclusions: Sequence[Event]) -> log.Appended:
        """Append conclusions that the log does not hold yet, and keep what the service acts on, together."""
        for each in conclusions:
            if each.data.family != "conclusion":
                raise ValueError(f"{each.data.type} is not a conclusion; a command must make it")
        with self._context.db.write() as connection:
            known = log.known_ids(connection, [each.id for each in conclusions])
            take_in(connection, [each for each in conclusions if each.id not in known])
            return log.append(connection, conclusions, self._context.clock.now())
