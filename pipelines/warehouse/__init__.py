"""The warehouse: one DuckDB file, built from the lake by the SELECTs of `sql/`. Derived: delete it at any time."""
