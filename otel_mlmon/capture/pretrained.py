"""Where models of the Hugging Face libraries are from, by what they were loaded with."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

from otel_mlmon.capture.adapter import Origin

PART = re.compile(r"\d+_[A-Za-z]+")
"""The folder of a part of a model, such as ``0_Transformer``."""


def origin_of_pretrained(name_or_path: str | None, commit: str | None = None) -> Origin | None:
    """Return what a model's name on a hub, or its folder, tells; None where it has none.

    Of ``owner/name`` it is the name; of a folder that the hub's cache keeps, the name and the commit that are in its
    path.
    """
    if not name_or_path:
        return None
    path = PurePath(name_or_path)
    if PART.fullmatch(path.name):
        path = path.parent
    if path.parent.name == "snapshots":
        return Origin(name=path.parents[1].name.rpartition("--")[2], version=path.name)
    if os.path.isdir(path):  # noqa: PTH112
        return Origin(path=str(path), version=commit)
    return Origin(name=path.name, version=commit)
