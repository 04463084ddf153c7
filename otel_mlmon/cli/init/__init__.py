"""A first ``mlmon.yaml`` and a baseline, out of a model and its data."""
