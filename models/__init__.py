"""Pure functions on frames and arrays: what is learned from the warehouse. Imports nothing of ours."""
