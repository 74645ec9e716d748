import re
from pathlib import Path

import pytest

from pipelines.warehouse.lineage import ColumnRef
from pipelines.warehouse.models import ModelError, load_models

SELECT = "select order_id from lake.order_placed"


class TestLoadModels:
    def test_reads_header_sql_and_dependencies(self, write, sql_dir):
        write("staging.orders", SELECT, ["order_id"], refresh="view", owner="data")
        (model,) = load_models(sql_dir)
        assert (model.relation, model.deps, model.sql) == (
            "staging.orders",
            ("lake.order_placed",),
            SELECT,
        )
        assert (model.header.refresh, model.header.owner, model.header.key) == (
            "view",
            "data",
            ("order_id",),
        )

    def test_puts_each_relation_after_those_it_reads(self, shop_sql):
        order = [model.relation for model in load_models(shop_sql)]
        assert order == ["staging.order_lines", "intermediate.evidence", "marts.skus"]

    def test_takes_what_a_python_relation_reads_from_its_header(self, shop_sql):
        evidence = load_models(shop_sql)[1]
        assert evidence.is_python
        assert evidence.deps == ("meta.run", "staging.order_lines")

    def test_tells_where_each_column_comes_from_through_all_steps(self, shop_sql):
        mart = load_models(shop_sql)[2]
        assert mart.lineage == {
            "sku": (ColumnRef("staging.order_lines", "sku"),),
            "units": (ColumnRef("staging.order_lines", "quantity"),),
            "lift": (ColumnRef("intermediate.evidence", "lift"),),
        }

    def test_sees_through_stars_of_import_steps(self, write, sql_dir):
        write(
            "staging.orders",
            "with o as (select * from lake.order_placed) select o.order_id, o.time from o",
            ["order_id", "time"],
        )
        (model,) = load_models(sql_dir)
        assert model.lineage["time"] == (ColumnRef("lake.order_placed", "time"),)

    def test_names_the_parameters_of_the_run_that_are_used(self, write, sql_dir):
        write(
            "staging.orders",
            "select o.order_id from lake.order_placed as o cross join meta.run as r where o.time <= r.as_of",
            ["order_id"],
        )
        (model,) = load_models(sql_dir)
        assert model.run_columns == ("as_of",)

    def test_follows_subqueries_and_unions(self, write, sql_dir):
        write(
            "staging.keys",
            "select order_id as k from lake.order_placed where order_id in (select rma from lake.return_closed) "
            "union all select rma as k from lake.return_requested",
            ["k"],
        )
        (model,) = load_models(sql_dir)
        assert model.deps == ("lake.order_placed", "lake.return_closed", "lake.return_requested")
        assert model.lineage["k"] == (
            ColumnRef("lake.order_placed", "order_id"),
            ColumnRef("lake.return_requested", "rma"),
        )


class TestMistakes:
    """Each is told with the file and the field."""

    @pytest.mark.parametrize(
        ("line", "instead", "words"),
        [
            ("description: .*\n", "", "description: Field required"),
            ("grain: .*", "grain: ''", "grain: String should have at least 1 character"),
            ("owner: .*", "owner: Some One", "owner: String should match pattern"),
            ("refresh: .*", "refresh: nightly", "refresh: Input should be"),
            ("refresh: .*", "refresh: python", "refresh: `python` belongs to a .yaml file"),
            ("owner: .*", "owner: data\ncolour: red", "colour: Extra inputs are not permitted"),
            ("- order_id", "- sku", "key names 'sku', which is not among the columns"),
            ("the order_id", "", "columns.order_id: Input should be a valid string"),
            (
                "owner: .*",
                "owner: data\npublish_by: day",
                "publish_by names 'day', which is not among the columns",
            ),
            (
                "owner: .*",
                "owner: data\nsort_by: day",
                "sort_by names 'day', which is not among the columns",
            ),
            ("refresh: .*", "refresh: view\nsort_by: order_id", "a view has no order"),
            ("owner: .*", "owner: data\nreads: [staging.x]", "reads is for `refresh: python` only"),
        ],
    )
    def test_in_the_header(self, write, sql_dir, line, instead, words):
        path = write("staging.orders", SELECT, ["order_id"])
        path.write_text(re.sub(line, instead, path.read_text()))
        with pytest.raises(ModelError, match=f"orders.sql: .*{words}"):
            load_models(sql_dir)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (SELECT, "opens with no header"),
            ("/* just words */ select 1 as a", "not a YAML mapping"),
            ("/*\ncolumns:\n  a: this: that\n*/ select 1 as a", "header is not YAML: .*line 3"),
        ],
    )
    def test_in_the_opening(self, sql_dir, text, words):
        path = sql_dir / "staging" / "orders.sql"
        path.parent.mkdir()
        path.write_text(text)
        with pytest.raises(ModelError, match=f"orders.sql: .*{words}"):
            load_models(sql_dir)

    @pytest.mark.parametrize(
        ("sql", "words"),
        [
            ("select subject as order_id, 1 as n from lake.order_placed", "the SELECT gives 'n'"),
            ("select order_id as id from lake.order_placed", "the SELECT gives 'id'"),
            ("select nope as order_id from lake.order_placed", "nope"),
            ("select order_id from lake.order_dreamt", "no event has such a table"),
            ("select order_id from staging.nowhere", "write sql/staging/nowhere.sql or"),
            ("select order_id from meta.tomorrow", "meta has run, zone_offsets"),
            ("select order_id from order_placed", "write it with its layer"),
            ("select order_id frm lake.order_placed", "not valid SQL"),
            (f"{SELECT}; drop table marts.x", "something other than one SELECT"),
            ("create table t as select 1 as order_id", "something other than one SELECT"),
        ],
    )
    def test_in_the_select(self, write, sql_dir, sql, words):
        write("staging.orders", sql, ["order_id"])
        with pytest.raises(ModelError, match=f"orders.sql: .*{words}"):
            load_models(sql_dir)

    def test_columns_in_another_order_than_described(self, write, sql_dir):
        write(
            "staging.orders", "select time, order_id from lake.order_placed", ["order_id", "time"]
        )
        with pytest.raises(ModelError, match="in another order: time, order_id"):
            load_models(sql_dir)

    def test_a_column_described_but_not_given(self, write, sql_dir):
        write("staging.orders", SELECT, ["order_id", "total"])
        with pytest.raises(ModelError, match="describes 'total', which the SELECT does not give"):
            load_models(sql_dir)

    def test_relations_that_read_each_other_in_a_circle(self, write, sql_dir):
        write("staging.a", "select k from staging.b", ["k"])
        write("staging.b", "select k from staging.a", ["k"])
        with pytest.raises(ModelError, match=r"in a circle: staging\.. → staging\.. → staging"):
            load_models(sql_dir)

    def test_a_relation_defined_in_sql_and_in_python(self, write, sql_dir):
        write("staging.orders", SELECT, ["order_id"])
        write("staging.orders", "", ["order_id"], refresh="python", reads=["lake.order_placed"])
        with pytest.raises(ModelError, match="defined twice"):
            load_models(sql_dir)

    def test_a_folder_that_is_no_layer(self, write, sql_dir):
        write("misc.orders", SELECT, ["order_id"])
        with pytest.raises(ModelError, match="'misc' is no layer; there are staging, intermediate"):
            load_models(sql_dir)

    def test_a_missing_folder(self):
        with pytest.raises(ModelError, match="there is no such folder"):
            load_models(Path("no-such-folder"))
