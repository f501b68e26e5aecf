"""The only room that knows SQL: one file per aggregate, each working in the caller's transaction."""
