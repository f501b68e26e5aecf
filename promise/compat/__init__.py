"""Other people's contracts, one file per channel, translated at the edge."""
