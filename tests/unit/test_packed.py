"""Which encoding a browser gets, and that what it unpacks is the file."""

from __future__ import annotations

import asyncio
import gzip

import brotli
import pytest

from web import packed, templating
from web.packed import Kept, wanted


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0, gzip;q=0", None),
        ("BR", "br"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_smallest_encoding_that_is_taken(accepted, encoding):
    assert wanted(accepted) == encoding


def _answer(kept, path, accepted):
    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"accept-encoding", accepted.encode())]}
    return asyncio.run(kept.get_response(path, scope))


@pytest.mark.parametrize(
    ("accepted", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress), ("identity", bytes)]
)
@pytest.mark.parametrize("path", ["tandem.css", "modules/pin.js", "vendor/maplibre-gl.mjs", "icons/mark.svg"])
def test_a_file_comes_small_whole_and_to_be_kept(path, accepted, unpack):
    answer = _answer(Kept(directory=templating.STATIC), path, accepted)
    content = (templating.STATIC / path).read_bytes()
    packs = accepted != "identity" and len(content) >= packed._WORTH_IT_BYTES
    assert answer.headers.get("content-encoding") == (accepted if packs else None)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (unpack(answer.body) if packs else answer.body) == content
    assert not packs or len(answer.body) < len(content)


def test_a_file_is_compressed_once_however_many_ask(monkeypatch, tmp_path):
    (tmp_path / "a.js").write_text("let a = 1;\n" * 500)
    compressed = []
    monkeypatch.setattr(brotli, "compress", lambda content, quality: compressed.append(quality) or content[:9])

    async def ask(kept):
        scope = {"type": "http", "method": "GET", "path": "a.js", "headers": [(b"accept-encoding", b"br")]}
        return await asyncio.gather(*(kept.get_response("a.js", scope) for _ in range(50)))

    answers = asyncio.run(ask(Kept(directory=tmp_path)))
    assert {answer.body for answer in answers} == {b"let a = 1"}
    assert compressed == [11]


def test_only_pages_without_anybodys_words_are_compressed():
    compressed = {path.partition("/")[2] for path in templating.PACKED}
    assert compressed == {"sign_in.html", "pin.html", "map.html", "zones.html"}
    assert not any(path.startswith("go/") for path in templating.PACKED)
