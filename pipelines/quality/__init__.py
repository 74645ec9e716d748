"""The checks at the lake's door: what every batch of events must satisfy, and Great Expectations to judge it."""
