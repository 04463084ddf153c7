"""Real processes of the example services."""

from tests.servers.conftest import arrived, serve

__all__ = ["arrived", "serve"]
