"""Pages over the published marts. They read files that a manifest names, and nothing else of ours."""
