"""Clerk out of reach, keys replaced, clocks set, processes forked: what visitors notice of it."""
