"""The search: kernels on flat arrays, engines on top, and :mod:`routing.solver.engine` as the map of a solve."""
