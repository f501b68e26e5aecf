"""Instances of the routing literature: read, handed to the lean search, checked and compared with the best known."""
