from datetime import timedelta

from house import House

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
