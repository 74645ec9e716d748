from house import House, house_handlers
from service_shop import ORDER

from service.worker import Worker

CHINESE = {"email": "anna@example.org", "language": "zh"}


def worker(house: House, *, are_letters_written: list[bool]) -> Worker:
    """A worker who looks at the last of these before each letter."""
    handlers = house_handlers(house.retour, house.outbox, lambda: are_letters_written[-1])
    return Worker(house.retour.context, handlers)


class TestLetters:
    def test_one_that_is_not_written_counts_as_sent_in_the_log_alone(self, house: House) -> None:
        worker_of_a_simulation = worker(house, are_letters_written=[False])
        house.begin_late(**CHINESE)

        worker_of_a_simulation.run_due()

        assert house.outbox.sent == []
        (told,) = house.told("message.sent")
        assert (told["letter"], told["language"]) == ("received", "zh")
        assert told["about_us"] > 0

    def test_from_a_moment_on_they_are_written(self, house: House) -> None:
        are_letters_written = [False]
        one_worker = worker(house, are_letters_written=are_letters_written)
        house.begin_late(**CHINESE)
        one_worker.run_due()
        are_letters_written.append(True)

        house.does("reviewer", "decision", decision="authorize", reason_code="goodwill")
        one_worker.run_due()

        assert len(house.outbox.sent) == 1
        assert [each["letter"] for each in house.told("message.sent")] == ["received", "approved"]

    def test_nobody_is_told_who_was_erased_meanwhile(self, house: House) -> None:
        house.begin_late(**CHINESE)
        house.retour.erasure.erase(str(ORDER["customer"]))

        worker(house, are_letters_written=[False]).run_due()

        assert house.told("message.sent") == []
