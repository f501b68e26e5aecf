"""Time-dependent instances of the literature: read, handed to the timed search, checked."""
