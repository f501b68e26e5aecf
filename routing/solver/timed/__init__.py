"""Ruin & recreate where travel times change over the day: a tour costs its duration, leaving when it suits it."""
