"""Half a request holds nothing for long, and a head without end is refused: a real server, real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn

from tests.service import free_port
from web import patience
from web.patience import PatientProtocol


async def _plain(scope, receive, send):
    if scope["path"] == "/whole":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def _server():
    port = free_port()
    config = uvicorn.Config(_plain, port=port, http=PatientProtocol, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield port
    server.should_exit = True
    thread.join(10)


def _told(port, *pieces):
    """Send pieces and return all that is answered until the other side ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        answer = b""
        try:
            for piece in pieces:
                line.sendall(piece)
            while got := line.recv(65536):
                answer += got
        except ConnectionError:
            pass
        return answer


HEAD = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"


def test_a_request_with_usual_headers_is_answered():
    with _server() as port:
        usual = b"".join(b"x-%d: %s\r\n" % (n, b"a" * 100) for n in range(60))
        assert _told(port, HEAD + usual + b"\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "headers",
    [
        b"".join(b"x-%d: a\r\n" % n for n in range(200)) + b"\r\n",
        b"x: " + b"a" * 60_000 + b"\r\n\r\n",
        b"".join(b"x-%d: %s\r\n" % (n, b"a" * 9000) for n in range(6)) + b"\r\n",
    ],
    ids=["many", "one long", "long together"],
)
def test_headers_that_are_too_many_or_too_long_are_refused(headers):
    with _server() as port:
        answer = _told(port, HEAD + headers)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"application/problem+json" in answer


def test_a_head_without_end_is_ended_while_it_comes():
    with _server() as port:
        # What is still under way when the connection ends may swallow the answer.
        assert _told(port, HEAD + b"x: ", *[b"a" * 10_000] * 20)[:13] in {b"HTTP/1.1 431 ", b""}


@pytest.mark.parametrize(
    "half",
    [b"", b"GET / HT", HEAD, b"POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"],
    ids=["nothing", "a line", "a head", "a body"],
)
def test_half_a_request_is_let_go(half, monkeypatch):
    monkeypatch.setattr(patience, "HEAD_MOST_S", 0.2)
    monkeypatch.setattr(patience, "REQUEST_MOST_S", 0.2)
    with _server() as port:
        assert _told(port, half) == b""


def test_who_answers_early_does_not_wait_for_the_rest_for_ever(monkeypatch):
    monkeypatch.setattr(patience, "HEAD_MOST_S", 0.2)
    with _server() as port:
        answer = _told(port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        assert answer.endswith(b"ok")
