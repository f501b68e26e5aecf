"""Facts: the model everybody speaks, the sources it is read from, and the synthetic city."""
