"""Making the next while the last is used: on two cores, planning costs no time of its own."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
_PATIENCE_SECONDS = 0.1


def ahead(items: Iterable[T], most: int) -> Iterator[T]:
    """The same items in the same order, up to `most` of them made beforehand in a thread. What it raises is raised here."""
    made: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(most)
    is_over = threading.Event()
    maker = threading.Thread(target=_make, args=(items, made, is_over), daemon=True)
    maker.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]  # without an error there is an item
    finally:
        is_over.set()
        maker.join()


def _make(
    items: Iterable[T],
    made: "queue.Queue[tuple[T | None, BaseException | None]]",
    is_over: threading.Event,
) -> None:
    def hand_over(item: T | None, error: BaseException | None) -> None:
        while not is_over.is_set():
            try:
                made.put((item, error), timeout=_PATIENCE_SECONDS)
            except queue.Full:
                continue
            return

    try:
        for item in items:
            hand_over(item, None)
            if is_over.is_set():
                return
        hand_over(None, StopIteration())
    except BaseException as error:
        hand_over(None, error)
