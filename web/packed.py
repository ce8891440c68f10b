"""Static files made small: each is compressed once in a process, and comes from memory from then on."""

from __future__ import annotations

import gzip
import mimetypes
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Final

import brotli
from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ENCODINGS: Final = ("br", "gzip")
"""In the order of what is smaller."""

_KEPT_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TEXT: Final = ("text/", "application/javascript", "application/json", "image/svg+xml")
_WORTH_IT_BYTES: Final = 512
_SMALL_BYTES: Final = 100_000
_GZIP_LEVEL: Final = 9
_NEVER: Final = re.compile(r"q=0(\.0*)?")


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as it goes over the wire."""

    content: bytes
    media_type: str
    encoding: str | None


def wanted(accepted: str) -> str | None:
    """Return the smallest encoding that an `Accept-Encoding` takes, None where it takes none of ours."""
    return next((each for each in ENCODINGS if _takes(accepted, each)), None)


def takes_gzip(accepted: str) -> bool:
    """Return whether an `Accept-Encoding` takes gzip."""
    return _takes(accepted, "gzip")


def _takes(accepted: str, encoding: str) -> bool:
    for each in accepted.lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() == encoding:
            return not _NEVER.fullmatch(weight.replace(" ", ""))
    return False


def gzipped(content: bytes, level: int = _GZIP_LEVEL) -> bytes:
    """Return bytes compressed by gzip, the same ones every time."""
    return gzip.compress(content, level, mtime=0)


_packing = Lock()


@lru_cache(maxsize=512)
def _packed(path: Path, encoding: str | None) -> Packed:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if encoding is None or not media_type.startswith(_TEXT) or len(content) < _WORTH_IT_BYTES:
        return Packed(content, media_type, None)
    if encoding == "gzip":
        return Packed(gzipped(content), media_type, encoding)
    # The last tenth of a large file costs seconds.
    quality = 11 if len(content) < _SMALL_BYTES else 9
    return Packed(brotli.compress(content, quality=quality), media_type, encoding)


def packed(path: Path, encoding: str | None) -> Packed:
    """Return a file in an encoding, read and compressed once."""
    # One after the other: a crowd that comes before anything is packed must not have it all packed a hundred times.
    with _packing:
        return _packed(path, encoding)


class Kept(StaticFiles):
    """Static files whose address changes with their content; they come from memory, small, and stay with browsers."""

    def __init__(self, *, directory: Path) -> None:
        super().__init__(directory=directory)
        self._here: dict[tuple[str, str | None], Packed] = {}
        self._limiter: CapacityLimiter | None = None

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file that may be kept for ever; only the first who asks for it waits for the disk."""
        encoding = wanted(Headers(scope=scope).get("accept-encoding", ""))
        found = self._here.get((path, encoding))
        if found is None:
            # Threads of their own: files come whatever the acts are waiting for.
            self._limiter = self._limiter or CapacityLimiter(2)
            found_path, about = await to_thread.run_sync(self.lookup_path, path, limiter=self._limiter)
            if about is None or scope["method"] not in {"GET", "HEAD"} or not stat.S_ISREG(about.st_mode):
                return await super().get_response(path, scope)
            found = await to_thread.run_sync(packed, Path(found_path), encoding, limiter=self._limiter)
            self._here[path, encoding] = found
        headers = {"Cache-Control": _KEPT_FOR_EVER, "Vary": "Accept-Encoding"}
        if found.encoding:
            headers["Content-Encoding"] = found.encoding
        return Response(found.content, media_type=found.media_type, headers=headers)
