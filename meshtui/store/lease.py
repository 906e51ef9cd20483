"""Which processes live: each holds a lock file as long as it runs, and the system lets go of it when it dies."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # no flock here: a file that cannot be removed is one that a living process holds open
    fcntl = None  # type: ignore[assignment]


class Lease:
    """The lock file of this process in `folder`; `name` is how turns say who runs them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            self.name = f"{os.getpid()}-{os.urandom(6).hex()}"
            self._file = os.open(self._path(self.name), os.O_CREAT | os.O_RDWR, 0o600)
            # Between open and lock another process may have taken the file for a dead one's and removed it.
            if _locked(self._file) and self._path(self.name).exists():
                return
            os.close(self._file)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"

    def lives(self, name: str) -> bool:
        """Return whether the process behind `name` still runs; the file of a dead one is removed."""
        if name == self.name:
            return True
        path = self._path(name)
        if fcntl is None:
            try:
                path.unlink(missing_ok=True)
            except OSError:
                return True
            return False
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError:
            return True  # somebody's whom we may not ask: leave it alone
        try:
            if not _locked(file):
                return True
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def clear(self) -> None:
        """Remove the lock files that dead processes left behind."""
        for path in self._folder.glob("*.lock"):
            self.lives(path.stem)

    def close(self) -> None:
        """Let go; once is enough."""
        if self._file < 0:
            return
        if fcntl is not None:
            self._path(self.name).unlink(missing_ok=True)
        os.close(self._file)
        self._file = -1
        self._path(self.name).unlink(missing_ok=True)


def _locked(file: int) -> bool:
    """Take the lock of an open file without waiting; False where another process holds it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
