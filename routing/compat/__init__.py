"""Other people's contracts, translated at the edge."""
