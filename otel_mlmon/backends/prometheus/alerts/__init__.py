"""Alerts, a family a file: what they compare, when, and what they say."""
