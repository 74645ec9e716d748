"""Carries a plan out through the real service, in virtual time: everybody acts when it is their turn, and reacts to what the log says."""
