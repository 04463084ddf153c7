"""Tests of the rules, for promtool."""
