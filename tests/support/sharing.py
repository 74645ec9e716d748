"""How several processes share the tests: each takes a whole file at a time, the longest files first.

pytest-xdist's own groups do nothing on pytest 9.2 (its issue 1386).
"""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Files that share something costly go to one process.
_TOGETHER = {
    "tests/e2e/test_practice_shop.py": "everything runs",
    "tests/e2e/test_whole_loop.py": "everything runs",
}
# Folders in the order in which they begin, so that no process is left alone with the longest at the end.
_LONGEST_FIRST = ("e2e", "pipelines", "retour", "dashboards", "simulator", "sql", "service")


class ByFile(LoadScopeScheduling):
    """Gives a process a file when it has almost nothing left to do."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # by number of tests: the longest have few

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _TOGETHER.get(file, file)


def rank(item: pytest.Item) -> int:
    """What a test's place in the order of folders is."""
    folder = item.nodeid.split("/")[1]
    return (*_LONGEST_FIRST, folder).index(folder)
