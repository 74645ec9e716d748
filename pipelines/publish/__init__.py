"""Publication: marts as Parquet files and a manifest, so that readers need no lock and never see half a run."""
