"""A file that may change while a process runs."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int, int]


class WatchedFile:
    """Tells when a file is another than before; one that is not there has not changed."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._stamp = self._look()

    def has_changed(self) -> bool:
        """Tell whether the file is another than at the last look."""
        # Before it is read: what is written meanwhile is seen the next time.
        stamp = self._look()
        if stamp is None or stamp == self._stamp:
            return False
        self._stamp = stamp
        return True

    def _look(self) -> Stamp | None:
        try:
            # A mounted Kubernetes ConfigMap is a link that is set anew: it leads to another file.
            status = Path(self._file).stat() if self._file else None
        except OSError:
            return None
        return None if status is None else (status.st_mtime_ns, status.st_size, status.st_ino)
