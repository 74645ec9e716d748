import pytest
import sqlglot
from portability import findings, selects_star, to_spark


class TestFindings:
    @pytest.mark.parametrize(
        ("sql", "word"),
        [
            ("select date_diff('day', a, b) as d from t", "date_diff"),
            ("select epoch(a) as s from t", "date_diff"),
            ("select extract(epoch from a) as s from t", "date_diff"),
            ("select extract('epoch' from b - a) as s from t", "date_diff"),
            ("select percentile_cont(0.5) within group (order by x) as p from t", "percentile"),
            ("select quantile_cont(x, 0.5) as p from t", "percentile"),
            ("select quantile_disc(x, 0.9) as p from t", "within group"),
            ("select list(x order by x) as l from t", "order"),
            ("select string_agg(x, ',' order by x) as l from t", "order"),
            ("select dayofweek(a) as d from t", "numbered otherwise"),
            ("select isodow(a) as d from t", "numbered otherwise"),
            ("select extract(dow from a) as d from t", "numbered otherwise"),
            ("select avg(x) as m from t", "avg of decimals"),
            ("select a / b as r from t", "nullif"),
            ("select a % b as r from t", "nullif"),
            ("select t.x from t asof join u on t.x >= u.x", "asof"),
            ("select now() as n", "clock"),
            ("select current_date as n", "clock"),
            ("select today() as n", "clock"),
            ("select random() as n", "chance"),
            ("select uuid() as n", "chance"),
            ("select first(x) as x from t", "which row"),
            ("select any_value(x) as x from t", "which row"),
            ("select row_number() over (partition by x) as n from t", "without an order"),
            ("select x, count(*) as n from t group by 1", "group by a number"),
            ("select cast(x as hugeint) as x from t", "no such type"),
            ("select epoch_us(x) as x from t", "untranslated"),
            ("select a + to_seconds(b) as x from t", "untranslated"),
            ("SELECT x from t", "lower case"),
            ("select x from t group  BY x", "lower case"),
        ],
    )
    def test_name_what_changes_its_meaning(self, sql, word):
        (finding,) = findings(sql)
        assert word in finding

    @pytest.mark.parametrize(
        "sql",
        [
            "select percentile_disc(0.9) within group (order by x) as p from t",
            "select median(x) as m, avg(cast(x as double)) as a from t",
            "select date_diff('day', cast(a as date), cast(b as date)) as d from t",
            "select date_diff('microsecond', a, b) as us from t",
            "select extract(year from a) as y from t",
            "select a / nullif(b, 0) as r, a / 100 as c, a // cast(7 as bigint) as w from t",
            "select count(*) filter (where x > 1) as n, arg_max(x, seq) as l from t group by all",
            "select x from t qualify row_number() over (partition by x order by seq) = 1",
            "select cast(a + b * interval '1 second' as date) as d, date_trunc('week', c) as w from t",
            "select 'Not A Keyword' as \"Name\" from t",
        ],
    )
    def test_leave_alone_what_means_the_same(self, sql):
        assert findings(sql) == []


class TestToSpark:
    def test_keeps_a_percentile_exact(self):
        sql = (
            "select percentile_disc(0.9) within group (order by x) filter (where x > 0) as p from t"
        )

        translated = to_spark(sqlglot.parse_one(sql, read="duckdb"))

        assert (
            "PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY x NULLS LAST) FILTER(WHERE x > 0)"
            in translated
        )


class TestSelectsStar:
    def test_minds_the_outermost_select_only(self):
        assert selects_star("with a as (select 1 as x) select * from a")
        assert not selects_star("with a as (select * from t) select a.x from a")
