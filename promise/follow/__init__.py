"""What really happens, as it is told: how far orders are, what that means for promises, and how they were kept."""
