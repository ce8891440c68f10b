"""A key ring in a folder that only the service may open."""

from __future__ import annotations

import os
import secrets
import stat
from datetime import date
from pathlib import Path

from desk.errors import DeskError

_KEY_BYTES = 32
_FOLDER_MODE = 0o700
_FORGOTTEN = "forgotten"


class KeyFolderOpen(DeskError):
    """The key folder can be read by others; make it readable by the service alone."""


class KeyUnusable(DeskError):
    """A key in the key folder is too short to be a key."""


class FolderKeyRing:
    """Keys as files of 32 random bytes, made on first use, destroyed by deleting them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, bytes] = {}
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) & 0o077:
            raise KeyFolderOpen
        self.check()

    def check(self) -> None:
        """Look whether only the service may open the folder and whether each key is one.

        Raises
        ------
        KeyFolderOpen
            Others may read the folder or a key.
        KeyUnusable
            A key has not the length of a key.
        """
        if stat.S_IMODE(self._folder.stat().st_mode) & 0o077:
            raise KeyFolderOpen
        for path in self._folder.iterdir():
            if path.name.startswith((".", _FORGOTTEN)):
                continue
            found = path.stat()
            if stat.S_IMODE(found.st_mode) & 0o077:
                raise KeyFolderOpen
            if found.st_size != _KEY_BYTES:
                raise KeyUnusable

    def receipt_key(self) -> bytes:
        """Return the key that receipts are derived with."""
        return self._key("receipt")

    def stream_key(self) -> bytes:
        """Return the key that places in the event stream are sealed with."""
        return self._key("stream")

    def waiting_key(self) -> bytes:
        """Return the key from which the keys of people's waiting reports follow."""
        return self._key("waiting")

    def plate_key(self, network_id: int, day: date) -> bytes | None:
        """Return the key of a network's day for plate tokens, made on first use; None once it was destroyed.

        It is read anew each time and kept nowhere: what another process has destroyed is gone here as well.
        """
        if self._newest_forgotten(network_id) >= day.isoformat():
            return None
        return self._read(f"plate-{network_id}-{day.isoformat()}")

    def forget_plate_keys(self, network_id: int, last_day: date) -> int:
        """Destroy a network's plate keys of days up to one, for good; return how many."""
        # The mark comes first: whoever asks between the two must not make a destroyed key anew.
        if last_day.isoformat() > self._newest_forgotten(network_id):
            draft = self._write(f".forgotten.{os.getpid()}.{secrets.token_hex(4)}", last_day.isoformat().encode())
            draft.replace(self._folder / f"{_FORGOTTEN}-{network_id}")
        doomed = [
            path for path in self._folder.glob(f"plate-{network_id}-*") if path.name[-10:] <= last_day.isoformat()
        ]
        for path in doomed:
            path.unlink(missing_ok=True)
        return len(doomed)

    def _newest_forgotten(self, network_id: int) -> str:
        # Before each network had a mark of its own, all shared one.
        marks = (self._folder / f"{_FORGOTTEN}-{network_id}", self._folder / _FORGOTTEN)
        return max(mark.read_text(encoding="ascii") if mark.exists() else "" for mark in marks)

    def _key(self, name: str) -> bytes:
        kept = self._kept.get(name)
        if kept is None:
            kept = self._kept[name] = self._read(name)
        return kept

    def _read(self, name: str) -> bytes:
        path = self._folder / name
        if not path.exists():
            self._write_new(name, secrets.token_bytes(_KEY_BYTES))
        found = path.read_bytes()
        if len(found) != _KEY_BYTES:
            raise KeyUnusable
        return found

    def _write_new(self, name: str, content: bytes) -> None:
        # Two processes may need a new key at once: the first to link its file wins, the other reads that one.
        draft = self._write(f".{name}.{os.getpid()}.{secrets.token_hex(4)}", content)
        try:
            os.link(draft, self._folder / name)
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path
