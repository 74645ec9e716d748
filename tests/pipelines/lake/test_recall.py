from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.lake.decode import decode
from pipelines.lake.recall import recall, recall_newest
from service.domain.events import RecordedEvent

Record = Callable[..., RecordedEvent]


class TestRecall:
    def test_what_was_decoded_comes_back_as_it_was(self, log: Sequence[RecordedEvent]) -> None:
        decoded = decode(log, 0)

        assert decoded.rejected == ()
        assert recall(decoded.frames) == list(log)

    def test_times_keep_their_microseconds_and_their_order_apart_from_recording(
        self, short_log: Sequence[RecordedEvent]
    ) -> None:
        log = [replace(event, time_us=event.time_us - 123_457) for event in short_log]

        assert recall(decode(log, 0).frames) == log


class TestRecallNewest:
    def test_it_is_the_last_event_with_its_lists(self, log: Sequence[RecordedEvent]) -> None:
        for length in (1, 2, 5, len(log)):
            assert recall_newest(decode(log[:length], 0).frames) == log[length - 1]

    def test_of_nothing_it_is_nothing(self) -> None:
        assert recall_newest({}) is None
