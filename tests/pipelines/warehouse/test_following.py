"""A relation that follows what is new has the rows that it has when it is made anew."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from toy_shop import order, write_toy_shop

from pipelines.warehouse import changes, following
from pipelines.warehouse.catalogue import Built
from pipelines.warehouse.models import SqlModel, load_models
from pipelines.warehouse.rowwise import read_text, row_wise
from pipelines.warehouse.warehouse import BuildFailed, Warehouse
from retour.settings import Settings
from service.domain.events import RecordedEvent

Told = tuple[Any, dict[str, object]]
Rows = list[tuple[Any, ...]]


class Shop:
    """A warehouse that stays open while its log grows."""

    def __init__(
        self,
        warehouse: Warehouse,
        sql_dir: Path,
        take_in: Any,
        record: Callable[..., RecordedEvent],
    ) -> None:
        self.warehouse, self.sql_dir = warehouse, sql_dir
        self._take_in, self._record = take_in, record
        self.log: list[RecordedEvent] = []

    def tell(self, *told: Told) -> None:
        """Append events to the log, take them in, and show them to the warehouse."""
        for payload, said in told:
            self.log.append(self._record(len(self.log) + 1, payload, **said))
        self._take_in(self.log)
        self.warehouse.attach_lake()

    def refresh(self, *names: str) -> dict[str, Built]:
        """Bring all relations, or those named, up to date."""
        return {
            model.relation: self.warehouse.build(model)
            for model in self.models()
            if not names or model.relation in names
        }

    def models(self) -> list[SqlModel]:
        return load_models(self.sql_dir)

    def model(self, relation: str) -> SqlModel:
        return next(model for model in self.models() if model.relation == relation)

    def rows(self, relation: str) -> Rows:
        return rows_of(self.warehouse, relation)

    def hows(self) -> dict[str, tuple[str, int]]:
        """How each relation that follows is brought up to date, and how many rows that touches."""
        return {
            relation: (built.how, built.touched)
            for relation, built in self.refresh().items()
            if self.model(relation).plan
        }

    def rows_are_there(self) -> bool:
        """Whether every relation was built before."""
        return bool(
            self.warehouse.query("select 1 from meta.builds where relation like 'marts.%'").height
        )

    def tamper(self, sql: str) -> None:
        self.warehouse._connection.execute(sql)


def rows_of(warehouse: Warehouse, relation: str) -> Rows:
    return sorted(warehouse.query(f"from {relation}").rows(), key=repr)


@pytest.fixture
def shop(
    warehouse: Warehouse, sql_dir: Path, write: Any, take_in: Any, record: Any
) -> Iterator[Shop]:
    write_toy_shop(write)
    with warehouse:
        yield Shop(warehouse, sql_dir, take_in, record)


@pytest.fixture
def made_anew(settings: Settings, tmp_path: Path) -> Callable[[Shop], dict[str, Rows]]:
    """The rows of all tables as a warehouse has them that was never there before."""

    def made(shop: Shop) -> dict[str, Rows]:
        path = tmp_path / f"anew-{len(shop.log)}.duckdb"
        path.unlink(missing_ok=True)
        with Warehouse(path, settings.lake_dir, settings.timezone, say=lambda _: None) as anew:
            for model in shop.models():
                anew.build(model)
            return {model.relation: rows_of(anew, model.relation) for model in shop.models()}

    return made


def all_rows(shop: Shop) -> dict[str, Rows]:
    return {model.relation: shop.rows(model.relation) for model in shop.models()}


class TestAFold:
    def test_merges_what_new_events_give(self, shop, made_anew):
        shop.tell(order(1, country=None), order(2, "cus_2"))
        shop.refresh()
        shop.tell(order(3, country="DE", discount_minor=5))
        assert shop.refresh()["intermediate.customers"] == Built(
            "intermediate.customers",
            shop.warehouse.standing("intermediate.customers").fingerprint,
            rows=2,
            how="incremental",
            touched=2,  # one row away, one row in
        )
        assert all_rows(shop) == made_anew(shop)

    @pytest.mark.parametrize("countries", [(None, "NL"), ("NL", None), ("DE", "NL"), (None, None)])
    def test_merges_nulls_as_the_aggregates_do(self, shop, made_anew, countries):
        for number, country in enumerate(countries):
            shop.tell(order(number, country=country, discount_minor=number))
            shop.refresh()
        assert all_rows(shop) == made_anew(shop)

    def test_knows_a_key_that_is_null(self, shop, made_anew):
        for number in range(3):
            shop.tell(order(number, customer=None))
            shop.refresh()
        assert [row[7] for row in shop.rows("intermediate.customers")] == [3]
        assert all_rows(shop) == made_anew(shop)

    def test_without_groups_adds_each_events_rows(self, shop):
        shop.tell(order(1, quantities=(1, 2)))
        shop.refresh()
        shop.tell(order(2, quantities=(3,)))
        assert shop.hows()["intermediate.lines"] == ("incremental", 1)
        assert [row[:2] for row in shop.rows("intermediate.lines")] == [
            ("O1", 1),
            ("O1", 2),
            ("O2", 1),
        ]

    def test_reads_the_new_events_alone(self, shop, settings):
        shop.tell(order(1))
        shop.refresh()
        before = shop.rows("intermediate.customers")
        shop.tamper("update intermediate.customers set orders = 41")
        shop.tell(order(2))
        shop.refresh()
        assert before[0][7] == 1
        assert shop.rows("intermediate.customers")[0][7] == 42

    def test_takes_late_events_as_they_come(self, shop, made_anew):
        shop.tell(order(1, day=9))
        shop.refresh()
        shop.tell(order(2, day=3, country="DE"))
        shop.refresh()
        assert all_rows(shop) == made_anew(shop)

    def test_that_gains_nothing_keeps_its_content_s_name(self, shop):
        shop.tell(order(1))
        before = shop.refresh()["marts.sold_daily"]
        shop.tell(order(2))  # of one unit: no row of the view that the mart reads
        after = shop.refresh()["marts.sold_daily"]
        assert (after.how, after.fingerprint) == ("unchanged", before.fingerprint)


class TestPartitions:
    def test_a_row_that_moves_to_another_day_leaves_the_one_it_was_on(self, shop, made_anew):
        shop.tell(order(1, "cus_1", day=0), order(2, "cus_2", day=0), order(3, "cus_3", day=5))
        shop.refresh()
        shop.tell(order(4, "cus_1", day=2))
        assert shop.hows()["marts.latest_daily"] == ("incremental", 3)
        assert [row[:1] + row[2:3] for row in shop.rows("marts.latest_daily")] == [
            (date(2024, 3, 4), 1),
            (date(2024, 3, 6), 1),
            (date(2024, 3, 9), 1),
        ]
        assert all_rows(shop) == made_anew(shop)

    def test_a_day_without_rows_is_gone(self, shop, made_anew):
        shop.tell(order(1, day=0))
        shop.refresh()
        shop.tell(order(2, day=2))
        shop.refresh()
        assert [row[0] for row in shop.rows("marts.latest_daily")] == [date(2024, 3, 6)]
        assert all_rows(shop) == made_anew(shop)

    def test_that_come_out_the_same_are_no_change_for_those_that_follow(self, shop):
        shop.tell(order(1, quantities=(5,)))
        shop.refresh()
        shop.tell(order(2, customer=None, country=None))
        assert shop.hows()["marts.by_country"] == ("incremental", 1)
        shop.tell(order(3, customer=None, country=None, day=0))
        hows = shop.hows()
        assert hows["intermediate.latest"] == ("incremental", 2)
        shop.tell(order(4, customer="cus_1", day=-1))  # late: its newest order stays the newest
        assert shop.hows()["marts.sold_daily"] == ("unchanged", 0)

    def test_that_are_null_are_computed_again_too(self, shop, made_anew):
        shop.tell(order(1, "cus_1", country=None), order(2, "cus_2"))
        shop.refresh()
        shop.tell(order(3, "cus_3", country=None))
        assert shop.hows()["marts.by_country"] == ("incremental", 2)
        assert all_rows(shop) == made_anew(shop)

    def test_only_the_touched_ones_are_computed_again(self, shop):
        shop.tell(order(1, day=0, quantities=(2,)), order(2, day=1, quantities=(2,)))
        shop.refresh()
        shop.tamper("update marts.sold_daily set units = 41")
        shop.tell(order(3, day=1, quantities=(3,)))
        shop.refresh()
        assert [row[1] for row in shop.rows("marts.sold_daily")] == [41, 5]

    def test_those_that_wait_are_computed_again_when_the_moment_moved(self, shop, made_anew):
        shop.tell(order(1, "cus_1", day=0, country=None), order(2, "cus_2", day=1))
        shop.refresh()
        shop.tell(order(3, "cus_2", day=4))
        assert shop.hows()["marts.waiting"] == ("incremental", 2)
        assert shop.rows("marts.waiting") == [(date(2024, 3, 4), 1, 4)]
        assert all_rows(shop) == made_anew(shop)

    def test_too_many_touched_are_made_in_full(self, shop, made_anew, monkeypatch):
        monkeypatch.setattr(following, "TOUCHED_PARTITIONS", 1)
        shop.tell(*(order(n, day=n, quantities=(2,)) for n in range(3)))
        shop.refresh()
        shop.tell(*(order(n, day=n - 3, quantities=(2,)) for n in range(3, 6)))
        hows = shop.hows()
        assert (hows["marts.sold_daily"][0], hows["intermediate.lines"][0]) == (
            "full",
            "incremental",
        )
        assert all_rows(shop) == made_anew(shop)


class TestAChangeOfClocks:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"timezone": "Europe/London"})

    def test_that_the_log_comes_to_is_followed_row_by_row(self, shop, made_anew):
        midnight = 15 * 60  # orders come at nine, some minutes after a Monday's
        shop.tell(order(1, day=0, quantities=(2,)), order(2, day=26, quantities=(2,)))
        shop.refresh()
        shop.tell(order(midnight - 30, day=27, quantities=(3,)))  # half past eleven in UTC
        hows = shop.hows()
        assert hows["intermediate.lines"] == ("incremental", 1)
        assert hows["marts.sold_daily"] == ("incremental", 1)
        assert {row[0] for row in shop.rows("marts.sold_daily")} == {
            date(2024, 3, 4),
            date(2024, 3, 30),
            date(2024, 4, 1),
        }
        assert all_rows(shop) == made_anew(shop)


class TestWhoeverFollows:
    def test_may_lag_behind_by_several_versions(self, shop, made_anew):
        shop.tell(order(1, "cus_1"), order(2, "cus_2"))
        shop.refresh()
        for day in (1, 2):
            shop.tell(order(2 + day, "cus_1", day=day))
            shop.refresh("staging.orders", "intermediate.customers", "intermediate.latest")
        assert shop.hows()["marts.latest_daily"][0] == "incremental"
        assert all_rows(shop) == made_anew(shop)

    def test_finds_what_it_missed_in_another_process(self, shop, made_anew, settings):
        shop.tell(order(1, "cus_1"), order(2, "cus_2"))
        shop.refresh()
        shop.tell(order(3, "cus_1", day=2))
        shop.refresh("staging.orders", "intermediate.customers")
        shop.warehouse.__exit__(None, None, None)
        with shop.warehouse:
            assert shop.hows()["intermediate.latest"] == ("incremental", 2)
            assert all_rows(shop) == made_anew(shop)
        shop.warehouse.__enter__()

    def test_is_made_in_full_when_it_is_new(self, shop, write, made_anew):
        shop.tell(order(1))
        shop.refresh()
        write(
            "marts.newcomers",
            "select latest.day, count(*) as customers from intermediate.latest as latest group by latest.day",
            ["day", "customers"],
            refresh="by_day",
        )
        shop.tell(order(2, "cus_2"))
        assert shop.hows()["marts.newcomers"] == ("full", 1)
        shop.tell(order(3, "cus_3", day=1))
        assert shop.hows()["marts.newcomers"] == ("incremental", 1)
        assert all_rows(shop) == made_anew(shop)

    def test_is_made_in_full_when_too_much_changed(self, shop, monkeypatch, made_anew):
        monkeypatch.setattr(changes, "KEPT_ROWS", 1)
        shop.tell(order(1))
        shop.refresh()
        shop.tell(order(2, day=1))  # takes one row away and adds one
        assert shop.hows()["intermediate.latest"][0] == "full"
        assert all_rows(shop) == made_anew(shop)

    def test_leaves_no_changes_behind_that_all_have_seen(self, shop):
        for number in range(4):
            shop.tell(order(number, day=number))
            shop.refresh()
        kept = shop.warehouse.query("from changes.intermediate__customers")["_version"].unique()
        assert len(kept) == 1

    def test_and_was_removed_is_waited_for_no_more_and_nothing_of_it_is_left(
        self, shop, sql_dir, made_anew
    ):
        shop.tell(order(1))
        shop.refresh()
        (sql_dir / "marts" / "latest_daily.sql").unlink()
        shop.warehouse.keep_only(shop.models())
        for number in range(2, 5):
            shop.tell(order(number, day=number))
            shop.refresh()

        named = shop.warehouse.query(
            "select relation from meta.builds union all select relation from meta.seen "
            "union all select relation from meta.column_lineage "
            "union all select table_schema || '.' || table_name from information_schema.tables"
        )["relation"].to_list()
        kept = shop.warehouse.query("from changes.intermediate__latest")["_version"].unique()
        assert "marts.sold_daily" in named
        assert "marts.latest_daily" not in named
        assert len(kept) == 1
        assert all_rows(shop) == made_anew(shop)

    def test_follows_a_table_that_is_made_in_full_as_well(self, shop, write, made_anew):
        write(
            "intermediate.latest",
            "select customers.customer, cast(customers.last_at as date) as day, customers.orders, "
            "customers.country is null as is_open from intermediate.customers as customers",
            ["customer", "day", "orders", "is_open"],
            refresh="full",
        )
        shop.tell(order(1, "cus_1"), order(2, "cus_2", day=1))
        shop.refresh()
        shop.tell(order(3, "cus_2", day=1))
        assert shop.hows()["marts.latest_daily"] == ("incremental", 2)
        assert all_rows(shop) == made_anew(shop)


class TestMadeInFull:
    def test_when_the_sql_is_another(self, shop, write):
        shop.tell(order(1, quantities=(2,)))
        shop.refresh()
        write(
            "marts.sold_daily",
            "select sold.day, cast(sum(sold.quantity) as bigint) * 2 as units, count(*) as products "
            "from staging.sold as sold group by sold.day",
            ["day", "units", "products"],
            refresh="by_day",
        )
        assert shop.hows()["marts.sold_daily"] == ("full", 1)

    def test_when_a_view_between_is_another(self, shop, write, made_anew):
        shop.tell(order(1, quantities=(2,)))
        shop.refresh()
        write(
            "staging.sold",
            "select lines.day, lines.sku, lines.quantity from intermediate.lines as lines",
            ["day", "sku", "quantity"],
            refresh="view",
        )
        shop.tell(order(2, quantities=(1,)))
        assert shop.hows()["marts.sold_daily"][0] == "full"
        assert all_rows(shop) == made_anew(shop)

    def test_when_the_lake_was_made_anew(self, shop, settings, made_anew):
        shop.tell(order(1), order(2))
        shop.refresh()
        (settings.lake_dir / "manifest.json").unlink()
        shop.log[:] = []
        shop.tell(order(7, "cus_7"), order(8), order(9))
        hows = shop.hows()
        assert (hows["intermediate.customers"][0], hows["intermediate.lines"][0]) == (
            "full",
            "full",
        )
        assert all_rows(shop) == made_anew(shop)

    def test_when_the_shop_s_zone_is_another(self, shop, settings, take_in, record, said):
        shop.tell(order(1))
        shop.refresh()
        shop.warehouse.__exit__(None, None, None)
        path = settings.warehouse
        with Warehouse(path, settings.lake_dir, "Asia/Shanghai", say=said.append) as elsewhere:
            shop.warehouse, before = elsewhere, shop.warehouse
            hows = shop.hows()
        shop.warehouse = before
        shop.warehouse.__enter__()
        assert (hows["intermediate.lines"][0], hows["intermediate.customers"][0]) == (
            "full",
            "unchanged",
        )

    def test_when_asked_to(self, shop):
        shop.tell(order(1, quantities=(2,)))
        shop.refresh()
        shop.tamper("update marts.sold_daily set units = 41")
        built = shop.warehouse.rebuild(shop.model("marts.sold_daily"))
        assert built.how == "full"
        assert [row[1] for row in shop.rows("marts.sold_daily")] == [2]

    def test_what_follows_a_table_made_anew_as_asked_is_right_again(self, shop):
        shop.tell(order(1, day=0))
        shop.refresh()
        shop.tamper("update intermediate.latest set day = date '2024-03-20'")
        for relation in ("intermediate.latest", "marts.latest_daily"):
            shop.warehouse.rebuild(shop.model(relation))
        assert [row[0] for row in shop.rows("marts.latest_daily")] == [date(2024, 3, 4)]


class TestRebuildDays:
    @pytest.fixture
    def tampered(self, shop: Shop) -> Shop:
        shop.tell(*(order(n, day=n, quantities=(2,)) for n in range(4)))
        shop.refresh()
        shop.tamper("update marts.sold_daily set units = 41")
        shop.tamper("insert into marts.sold_daily values (date '2024-03-05', 41, 41)")
        return shop

    def test_computes_those_days_and_no_others(self, tampered):
        mart = tampered.model("marts.sold_daily")
        built = tampered.warehouse.rebuild_days(mart, date(2024, 3, 5), date(2024, 3, 6))
        assert built.how == "incremental"
        assert [row[:2] for row in tampered.rows("marts.sold_daily")] == [
            (date(2024, 3, 4), 41),
            (date(2024, 3, 5), 2),
            (date(2024, 3, 6), 2),
            (date(2024, 3, 7), 41),
        ]

    def test_gives_the_content_another_name_so_that_it_is_published(self, tampered):
        mart = tampered.model("marts.sold_daily")
        before = tampered.warehouse.standing(mart.relation).fingerprint
        tampered.warehouse.rebuild_days(mart, date(2024, 3, 5), date(2024, 3, 6))
        assert tampered.warehouse.standing(mart.relation).fingerprint != before
        assert tampered.refresh("marts.sold_daily")["marts.sold_daily"].how == "unchanged"

    def test_changes_nothing_where_nothing_is_wrong(self, shop):
        shop.tell(order(1, quantities=(2,)))
        shop.refresh()
        mart = shop.model("marts.sold_daily")
        before = shop.warehouse.standing(mart.relation).fingerprint
        built = shop.warehouse.rebuild_days(mart, date(2024, 3, 1), date(2024, 3, 31))
        assert (built.how, built.fingerprint) == ("unchanged", before)

    def test_is_for_relations_by_day(self, shop):
        shop.tell(order(1))
        shop.refresh()
        customers = shop.model("intermediate.customers")
        with pytest.raises(
            BuildFailed, match=r"customers\.sql: is refreshed as fold and kept by no day"
        ):
            shop.warehouse.rebuild_days(customers, date(2024, 3, 5), date(2024, 3, 6))

    def test_refuses_a_relation_whose_sql_changed_since(self, tampered, write):
        write(
            "marts.sold_daily",
            "select sold.day, count(*) as units, count(*) as products from staging.sold as sold group by sold.day",
            ["day", "units", "products"],
            refresh="by_day",
        )
        mart = tampered.model("marts.sold_daily")
        with pytest.raises(BuildFailed, match=r"changed since marts\.sold_daily was built"):
            tampered.warehouse.rebuild_days(mart, date(2024, 3, 5), date(2024, 3, 6))


def test_a_sum_of_fractions_is_no_fold(warehouse, write, sql_dir):
    write(
        "intermediate.scores",
        "select authorized.rma, sum(authorized.score) as score from lake.return_authorized as authorized "
        "group by authorized.rma",
        ["rma", "score"],
        refresh="fold",
    )
    with warehouse, pytest.raises(BuildFailed, match=r"scores\.sql: sum of score cannot be folded"):
        warehouse.build(load_models(sql_dir)[0])


def test_a_build_that_fails_midway_leaves_all_as_it_was(shop, monkeypatch, made_anew):
    shop.tell(order(1))
    shop.refresh()
    before = all_rows(shop)
    shop.tell(order(2, day=1))

    def fails(*_: object) -> None:
        raise duckdb.IOException("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(changes.Changes, "keep", fails)
        with pytest.raises(BuildFailed, match="the disk is full"):
            shop.refresh()
    assert {
        name: rows for name, rows in all_rows(shop).items() if "." in name and shop.model(name).plan
    } == {name: rows for name, rows in before.items() if shop.model(name).plan}
    shop.refresh()
    assert all_rows(shop) == made_anew(shop)


_CUSTOMERS = st.sampled_from([None, "cus_1", "cus_2", "cus_3"])
_COUNTRIES = st.sampled_from([None, "DE", "NL", "PT"])
_ORDERS = st.tuples(
    _CUSTOMERS,
    st.integers(-3, 3),
    _COUNTRIES,
    st.integers(0, 2),
    st.lists(st.integers(1, 3), min_size=1, max_size=2),
)
_STEPS = st.lists(
    st.tuples(
        st.lists(_ORDERS, max_size=4),
        st.sets(st.sampled_from(["customers", "latest", "lines", "waiting", "by_country"])),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.slow
@given(steps=_STEPS)
@hypothesis_settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_however_the_log_is_cut_and_whatever_is_left_out(
    steps: Sequence[tuple[Iterable[Any], set[str]]],
    shop: Shop,
    made_anew: Callable[[Shop], dict[str, Rows]],
) -> None:
    """Each step tells of some orders and refreshes all but some relations. The shop goes on from example to example."""
    for orders, left_out in steps:
        told = [
            order(
                len(shop.log) + n,
                customer,
                day=day,
                country=country,
                discount_minor=discount,
                quantities=lines,
            )
            for n, (customer, day, country, discount, lines) in enumerate(orders)
        ]
        shop.tell(*told)
        names = [model.relation for model in shop.models()]
        if shop.rows_are_there():
            names = [name for name in names if name.partition(".")[2] not in left_out]
        shop.refresh(*names)
    shop.refresh()
    assert all_rows(shop) == made_anew(shop)


def test_no_sql_is_analysed_once_its_relations_are_read(shop, monkeypatch):
    shop.tell(order(1, country=None))
    models = shop.models()
    for model in models:
        shop.warehouse.build(model)
    shop.tell(order(2, "cus_2"))
    read_text.cache_clear()
    row_wise.cache_clear()
    monkeypatch.delattr("sqlglot.parse_one")
    hows = {shop.warehouse.build(model).how for model in models}
    assert hows == {"full", "incremental", "unchanged"}
