"""Pure functions over the published marts: a connection and choices in, a frame out."""
