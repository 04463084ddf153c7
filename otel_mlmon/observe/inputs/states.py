"""What can be wrong with an input's value, as a small number: many are held at once."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from otel_mlmon import semconv

States = NDArray[np.uint8]

OK: Final = 0
MISSING: Final = 1
WRONG_TYPE: Final = 2
OUT_OF_RANGE: Final = 3
UNSEEN: Final = 4
STALE: Final = 5

TEXTS: Final = (
    semconv.STATE_OK,
    semconv.MISSING,
    semconv.STATE_WRONG_TYPE,
    semconv.STATE_OUT_OF_RANGE,
    semconv.STATE_UNSEEN,
    semconv.STATE_STALE,
)
"""As ``ml.input.state`` says it."""
