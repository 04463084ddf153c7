"""Watched inputs: what is wrong with the values of a model's configured columns, counted, and never the values."""
