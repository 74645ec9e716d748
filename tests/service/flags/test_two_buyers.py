"""Two buyers answer the same flag at the same moment, in two processes."""

import multiprocessing

from rivals import answer_flags, flag, two_processes

from service.application import Retour

FLAGS = 10


def test_one_has_their_way_and_the_other_is_told(retour: Retour, database_url: str) -> None:
    raised = [flag(f"MUG-{number}") for number in range(FLAGS)]
    retour.conclusions.append(raised)
    flag_ids = [each.id for each in raised]
    results = multiprocessing.get_context("spawn").Queue()

    with two_processes(answer_flags, database_url, flag_ids, results) as processes:
        told = [results.get(timeout=60) for _ in range(2 * FLAGS)]

    assert [each.exitcode for each in processes] == [0, 0]
    for flag_id in flag_ids:
        assert sorted(outcome for of, outcome in told if of == flag_id) == ["refused", "won"]
    answers = [each.type for each in retour.read_log(FLAGS, 100)]
    assert len(answers) == FLAGS
    assert {each.version for each in retour.flags.listed()} == {2}
