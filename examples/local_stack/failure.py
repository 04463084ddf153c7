"""Why the stack does not run: a line for the person who started it."""

from __future__ import annotations


class StackError(Exception):
    """What happened, and where to look."""
