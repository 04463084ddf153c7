"""Import hooks, patching, the call engine and model naming: turns a call into a prediction's record."""
