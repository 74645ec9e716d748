import logging
import sys
from types import ModuleType

import pytest

from pipelines.terminal import without_lines


def test_lines_of_the_beginning_are_left_out_and_all_others_come(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with without_lines("Dagster says"):
        sys.stderr.write("Dagster says that it cannot write\n")
        sys.stderr.write("somebody says: Dagster says\n")
    sys.stderr.write("Dagster says this later\n")

    assert capsys.readouterr().err == "somebody says: Dagster says\nDagster says this later\n"


def test_a_logger_set_up_meanwhile_holds_on_to_nothing_of_ours() -> None:
    """Through its stream it would keep a run's modules to the end, and DuckDB complains of each object that outlives it."""
    with without_lines("anything"):
        handler = logging.StreamHandler()

    known = vars(sys.modules[type(handler.stream).__module__]).values()
    assert not [each for each in known if isinstance(each, ModuleType) and each is not sys]
