"""Frozen values everybody speaks of. Integers carry their unit last in the name; ``*_at`` is an aware datetime."""
