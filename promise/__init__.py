"""Dates: demand, hub load, delay, quote and reservation. Holds nothing yet: routing publishes first."""
