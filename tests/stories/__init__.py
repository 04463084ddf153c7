"""The example services, healthy and with the bug that each of them tells of."""

import pytest

pytest.register_assert_rewrite("tests.stories.shares", "tests.stories.told")
