"""What a header promises of a refresh must hold of its SELECT; where it does not, the file is told what to write."""

from typing import Any

import pytest

from pipelines.warehouse.folding import read_fold
from pipelines.warehouse.models import ModelError, SqlModel, load_models
from pipelines.warehouse.rowwise import NotRowWise, read_text, row_wise, with_sources

ORDERS = "from lake.order_placed as orders"


def merge_of(column: str) -> str:
    return read_fold(
        f"select orders.order_id, {column} as x {ORDERS} group by orders.order_id", ("order_id",)
    ).merges["x"]


class TestTheMergeOfAColumn:
    @pytest.mark.parametrize(
        ("column", "merge"),
        [
            ("min(orders.time)", "least"),
            ("max(orders.time) filter (where orders.country = 'NL')", "greatest"),
            ("max(case when orders.country = 'NL' then orders.time end)", "greatest"),
            ("cast(sum(orders.discount_minor) as bigint)", "sum"),
            ("coalesce(cast(sum(orders.discount_minor) as bigint), 0)", "sum"),
            ("count(*)", "sum"),
            ("count(orders.country) filter (where orders.discount_minor > 0)", "sum"),
            ("bool_or(orders.country = 'NL')", "or"),
            ("bool_and(orders.country = 'NL')", "and"),
            ("arg_min(orders.country, orders.seq)", "oldest"),
            (
                "arg_max(orders.country, orders.seq) filter (where orders.country is not null)",
                "newest",
            ),
        ],
    )
    def test_follows_from_its_aggregate(self, column, merge):
        assert merge_of(column) == merge


@pytest.fixture
def folded(write: Any, sql_dir: Any) -> Any:
    """The plan of a fold of orders with one more column, or other text."""

    def planned(column: str, rest: str = f"{ORDERS} group by orders.order_id") -> SqlModel:
        write(
            "intermediate.orders",
            f"select orders.order_id, {column} as x {rest}",
            ["order_id", "x"],
            refresh="fold",
        )
        return load_models(sql_dir)[-1]

    return planned


class TestAFoldThatIsNone:
    @pytest.mark.parametrize(
        ("column", "reason"),
        [
            ("count(distinct orders.country)", "it is about several values at once"),
            ("max(orders.time, 3)", "it is about several values at once"),
            ("max(orders.time) - min(orders.time)", "its old value and new events do not tell"),
            ("avg(orders.discount_minor)", "its old value and new events do not tell"),
            (
                "quantile_disc(orders.discount_minor, 0.5)",
                "its old value and new events do not tell",
            ),
            ("arg_max(orders.country, orders.time)", "only the order by `seq` alone"),
            ("cast(min(orders.order_id) as bigint)", "put what is around the aggregate inside"),
            ("coalesce(max(orders.country), 'NL')", "a cast around a sum must give bigint|inside"),
            ("cast(sum(orders.discount_minor) as double)", "a cast around a sum must give bigint"),
            ("sum((select count(*) from lake.order_delivered))", "it looks at other rows"),
            ("'NL'", "its old value and new events do not tell"),
        ],
    )
    def test_names_the_file_and_the_column_and_what_a_fold_may_hold(self, folded, column, reason):
        with pytest.raises(ModelError) as refused:
            folded(column)
        message = str(refused.value)
        assert "intermediate/orders.sql: column 'x' cannot be folded" in message
        assert any(each in message for each in reason.split("|"))
        assert "min, max, sum, count" in message

    @pytest.mark.parametrize(
        ("rest", "reason"),
        [
            (f"{ORDERS} group by orders.order_id, orders.country", "its key is order_id"),
            (f"{ORDERS} group by rollup (orders.order_id)", "its key is order_id"),
            (f"{ORDERS} group by all", "name the key alone"),
            (f"{ORDERS} group by orders.order_id having count(*) > 1", "`having`"),
            (f"{ORDERS} group by orders.order_id limit 3", "`limit`"),
            (
                f"{ORDERS} inner join lake.order_delivered as d on d.order_id = orders.order_id "
                "group by orders.order_id",
                "it joins rows of different events",
            ),
            (
                f"{ORDERS} left join lake.order_placed_lines as l on l.seq = orders.seq "
                "group by orders.order_id",
                "it joins rows of different events",
            ),
            (
                f"{ORDERS} where orders.order_id in (select d.order_id from lake.order_delivered as d) "
                "group by orders.order_id",
                "a subquery",
            ),
            (
                "from (select distinct order_id from lake.order_placed) as orders group by orders.order_id",
                "`distinct`",
            ),
            (
                f"{ORDERS} cross join meta.run as run group by orders.order_id",
                "meta.run, which changes without an event",
            ),
        ],
    )
    def test_says_which_part_of_the_select_is_in_the_way(self, folded, rest, reason):
        with pytest.raises(ModelError, match=r"intermediate/orders\.sql: ") as refused:
            folded("count(*)", rest)
        assert reason in str(refused.value)

    def test_may_join_parts_of_one_event_and_the_shop_s_time(self, folded):
        model = folded(
            "count(*)",
            f"{ORDERS} inner join lake.order_placed_lines as lines on lines.seq = orders.seq "
            "inner join meta.zone_offsets as zone on orders.time >= zone.starts_at and orders.time < zone.ends_at "
            "group by orders.order_id",
        )
        assert model.plan
        assert model.plan.sources == ("lake.order_placed", "lake.order_placed_lines")

    def test_reads_no_table_of_the_warehouse(self, write, sql_dir):
        write("intermediate.days", "select order_id from lake.order_placed", ["order_id"])
        write(
            "intermediate.orders",
            "select days.order_id, count(*) as x from intermediate.days as days group by days.order_id",
            ["order_id", "x"],
            refresh="fold",
        )
        with pytest.raises(
            ModelError, match=r"it reads intermediate\.days, which is no relation of events"
        ):
            load_models(sql_dir)


def by_day(write: Any, sql: str, columns: list[str], **fields: Any) -> None:
    write("marts.daily", sql, columns, **{"refresh": "by_day", **fields})


class TestPartitions:
    @pytest.fixture(autouse=True)
    def days(self, write):
        write(
            "intermediate.days",
            "select order_id, cast(time as date) as day from lake.order_placed",
            ["order_id", "day"],
            refresh="fold",
        )

    def test_must_be_a_column(self, write, sql_dir):
        by_day(write, "select days.order_id from intermediate.days as days", ["order_id"])
        with pytest.raises(
            ModelError, match=r"daily\.sql: partition: 'day' is not among the columns"
        ):
            load_models(sql_dir)

    def test_must_be_a_column_of_an_input_whose_changes_are_known(self, write, sql_dir):
        by_day(
            write,
            "select cast(orders.time as date) as day, count(*) as n from lake.order_placed as orders "
            "group by cast(orders.time as date)",
            ["day", "n"],
        )
        with pytest.raises(
            ModelError,
            match=r"no input whose changes are followed carries 'day'.*write `refresh: full`",
        ):
            load_models(sql_dir)

    def test_a_view_that_ranks_is_read_whole(self, write, sql_dir):
        write(
            "staging.newest",
            "select days.day, days.order_id from intermediate.days as days "
            "qualify row_number() over (partition by days.order_id order by days.day) = 1",
            ["day", "order_id"],
            refresh="view",
        )
        by_day(
            write,
            "select days.day, count(*) as n from intermediate.days as days "
            "inner join staging.newest as newest on newest.order_id = days.order_id group by days.day",
            ["day", "n"],
        )
        plan = load_models(sql_dir)[-1].plan
        assert plan
        assert (plan.tracked, plan.whole) == (("intermediate.days",), ("staging.newest",))

    def test_that_depend_on_the_moment_must_be_told(self, write, sql_dir):
        by_day(
            write,
            "select days.day, max(run.as_of) as at from intermediate.days as days "
            "cross join meta.run as run group by days.day",
            ["day", "at"],
        )
        with pytest.raises(ModelError, match=r"reads as_of.*no `volatile` says which"):
            load_models(sql_dir)

    @pytest.mark.parametrize(
        ("volatile", "reason"),
        [
            ("select day from intermediate.elsewhere", "which the SELECT does not"),
            (
                "select cast(as_of as date) from meta.run",
                "it may read only inputs that carry 'day'",
            ),
            ("select day, order_id from intermediate.days", "more than the values of one column"),
            ("select day from", "volatile: is not valid SQL"),
        ],
    )
    def test_volatile_ones_are_told_by_what_is_followed(self, write, sql_dir, volatile, reason):
        write(
            "intermediate.elsewhere",
            "select order_id, cast(time as date) as day from lake.order_placed",
            ["order_id", "day"],
        )
        by_day(
            write,
            "select days.day, max(run.as_of) as at from intermediate.days as days "
            "cross join meta.run as run group by days.day",
            ["day", "at"],
            volatile=volatile,
        )
        with pytest.raises(ModelError) as refused:
            load_models(sql_dir)
        assert reason in str(refused.value)

    def test_are_of_relations_by_key_and_by_day_alone(self, write, sql_dir):
        write(
            "marts.a", "select order_id from lake.order_placed", ["order_id"], partition="order_id"
        )
        with pytest.raises(
            ModelError, match="partition and volatile are for `refresh: by_key` and `by_day` only"
        ):
            load_models(sql_dir)


class TestRowByRow:
    @pytest.mark.parametrize(
        "sql",
        [
            "select a.x + 1 as y from s.a where a.x > 2",
            "with b as (select x from s.a) select b.x from b union all select x from s.c",
            "select a.x from (select x, seq from s.a) as a inner join s.c as c on c.seq = a.seq and c.x > 1",
        ],
    )
    def test_tells_whose_rows_they_are(self, sql):
        assert set(row_wise(sql)) <= {"s.a", "s.c"}
        assert "s.a" in row_wise(sql)

    @pytest.mark.parametrize(
        "sql",
        [
            "select a.x from s.a union select c.x from s.c",
            "select max(a.x) from s.a",
            "select a.x, row_number() over (order by a.x) from s.a",
            "select a.x from s.a except select c.x from s.c",
            "select a.x from s.a, s.c",
            "select a.x from s.a order by a.x limit 1",
            "select (select max(c.x) from s.c) from s.a",
            "select 1",
        ],
    )
    def test_refuses_what_looks_at_other_rows(self, sql):
        with pytest.raises(NotRowWise):
            row_wise(sql)

    @pytest.mark.parametrize(
        ("sql", "keeps"),
        [
            ("select a.x from s.a", True),
            ("select a.x from s.a union all select c.x from s.c", True),
            ("select a.x from s.a where a.x > 1", False),
            ("select distinct a.x from s.a", False),
        ],
    )
    def test_tells_whether_no_row_is_lost(self, sql, keeps):
        assert read_text(sql).keeps_every_row is keeps

    def test_puts_other_sources_in_their_places(self):
        sql = "select o.x, 'staging.a' as word from staging.a as o inner join staging.b on b.seq = o.seq -- staging.a"
        assert with_sources(sql, {"staging.a": "select 1", "staging.b": "select 2"}) == (
            "select o.x, 'staging.a' as word from (select 1) as o inner join (select 2) as b on b.seq = o.seq -- staging.a"
        )
