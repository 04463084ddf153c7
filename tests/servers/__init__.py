"""Real server processes, end to end."""

import pytest

pytest.register_assert_rewrite("tests.servers.asked", "tests.servers.server")
