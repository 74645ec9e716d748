"""Dagster components: what repeats among the assets, declared once."""
