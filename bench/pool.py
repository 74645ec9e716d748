"""Replays side by side: two processes of one thread each, which stand in each other's way least."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from threadpoolctl import threadpool_limits

PROCESSES = 2
Answer = TypeVar("Answer")


def pool() -> ProcessPoolExecutor:
    """The processes; to be closed by `with`."""
    return ProcessPoolExecutor(PROCESSES, get_context("spawn"), _one_thread)


def answers(
    pool: ProcessPoolExecutor,
    works: Sequence[tuple[Callable[..., Answer], tuple[object, ...]]],
    name: str,
    tell: Callable[[str], None],
) -> list[Answer]:
    """The answers of all works in their order, telling how many are done."""
    given = [pool.submit(work, *arguments) for work, arguments in works]
    for number, done in enumerate(as_completed(given), 1):
        done.result()
        tell(f"{name}: {number} of {len(given)}")
    return [each.result() for each in given]


def _one_thread() -> None:
    threadpool_limits(1)
