"""Parts of pages: a list, a story."""
