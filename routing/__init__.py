"""Tours: streets, travel times, the problem, its solver, the re-plan and the independent checker."""
