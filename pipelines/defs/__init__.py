"""The assets and what runs them; each body is a few lines that call pure functions."""
