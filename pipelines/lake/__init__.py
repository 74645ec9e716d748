"""The lake: the log as typed Parquet segments under one manifest. Derived: delete it and the log makes it again."""
