from datetime import timedelta

from house import OVERSEAS, House
from replayed import places, replay

from service.platform import log
from service.returns import repository
from service.returns.deadlines import run_out


class TestClocksThatRunOutTogether:
    def test_each_is_noted_once_though_the_worker_slept_through_both(self, house: House) -> None:
        house.begin_late()
        house.arrive()

        house.wait(hours=25)

        (line,) = house.look()["lines"]
        assert (line["authorization"], line["reception"]) == ("escalated", "inspection_overdue")
        clocks = [said["clock"] for said in house.told("clock.breached")]
        assert sorted(clocks) == ["inspection", "review"]

    def test_an_authorization_by_the_clock_stands_though_the_parcel_is_lost_at_the_same_moment(
        self, house: House
    ) -> None:
        house.begin_late()
        house.does("carrier", "scans", scan="picked_up")
        house.wait(hours=25)

        house.wait(days=20)

        (line,) = house.look()["lines"]
        assert (line["authorization"], line["reception"]) == ("authorized", "lost")
        assert house.happened().count("return.authorized") == 1


class TestAnAlarmThatComesTooEarly:
    def test_is_set_anew(self, house: House) -> None:
        house.begin()
        (alarm,) = [job for job in house.retour.jobs.entries() if job.kind == "deadline"]

        with house.retour.context.transaction() as transaction:
            transaction.now -= timedelta(seconds=1)
            run_out(transaction, house.rma)

        (again,) = [job for job in house.retour.jobs.entries() if job.kind == "deadline"]
        assert (again.key, again.due_at) == (alarm.key, alarm.due_at)
        assert again.job_id != alarm.job_id


class TestTheTimeToAppeal:
    def test_is_over_for_the_lines_that_were_declined_so_long_ago_and_the_log_names_them(
        self, house: House
    ) -> None:
        house.put_order(**OVERSEAS)
        house.put_parcel(lines=[{"line_no": 1, "quantity": 1}, {"line_no": 2, "quantity": 1}])
        house.clock.move_to(house.clock.now() + timedelta(days=40))
        wanted = [{"line_no": each, "quantity": 1, "reason": "defect"} for each in (1, 2)]
        house.rma = house.apply(lines=wanted).json()["rma"]
        house.does("storefront", "cancellation", lines=[2])
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")
        house.wait(hours=200)
        house.does("carrier", "scans", scan="picked_up", lines=[2])
        house.does("reviewer", "decision", decision="decline", reason_code="misuse")

        house.wait(hours=140)

        assert [each["authorization"] for each in house.look()["lines"]] == [
            "declined_finally",
            "declined",
        ]
        (said,) = house.told("return.appeal_lapsed")
        assert said["lines"] == [{"line_no": 1, "quantity": 1}]
        with house.retour.context.db.read() as connection:
            head = repository.find(connection, house.rma)
            assert head is not None
            kept = repository.lines_of(repository.rows_of(connection, house.rma), head)
            events = log.read_subject(connection, house.rma)
        assert places(replay(events, head.refund_on)) == places(kept)
