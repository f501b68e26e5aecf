"""Ruin & recreate for classic problems: nothing but capacities, one window a stop, depots, kinds of vehicle, groups."""
