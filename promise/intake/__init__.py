"""Orders as they come in from shops and channels: each takes its place, on the date its buyer was shown."""
