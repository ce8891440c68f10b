"""What guards every answer: sizes, origins, headers, limits."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import anyio
import pytest
import structlog
from fastapi import Body, FastAPI, Request
from starlette.testclient import TestClient

from api import logs, middleware
from api.deps import Uow
from api.security import COOKIE
from api.settings import Settings
from records.enums import Role
from tests.acceptance.conftest import ADDRESS
from tests.builders import signed_in
from tests.doors import doors

LIMIT = middleware.DEFAULT_BODY


class Sender:
    """Sends a body piece by piece, counting what anybody takes of it, straight into the application."""

    def __init__(self, size: int, piece: int = 8192):
        self.left, self.piece, self.taken = size, piece, 0
        self.status, self.headers, self.answer = 0, {}, b""

    async def receive(self):
        part = b"x" * min(self.piece, self.left)
        self.left -= len(part)
        self.taken += len(part)
        return {"type": "http.request", "body": part, "more_body": self.left > 0}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.answer += message["body"]

    def post(self, app, path, headers):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        anyio.run(app, scope, self.receive, self.send)
        return self


@pytest.mark.parametrize("path", ["/api/session", "/api/vouchers", "/api/vouchers/redeem", "/api/zones", "/nowhere"])
def test_a_ten_megabyte_body_is_refused_by_its_promised_length(client, path):
    answer = client.post(path, content=b"x" * 10_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["title"] == "This is too large to take in."
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/session", "/api/vouchers", "/api/dispatches/0000000000001/cancel"])
@pytest.mark.parametrize("promised", [None, "12"])
def test_a_ten_megabyte_body_is_refused_while_it_arrives_whatever_it_promised(client, path, promised):
    headers = {**signed_in(client, "organizer", "dispatcher").headers, "Content-Type": "application/json"}
    sent = Sender(10_000_000).post(client.app, path, headers | ({"Content-Length": promised} if promised else {}))
    assert sent.status == 413
    assert sent.headers["content-type"] == "application/problem+json"
    assert sent.headers["cache-control"] == "no-store"
    assert json.loads(sent.answer)["title"] == "This is too large to take in."
    assert sent.taken <= LIMIT + 8192


@pytest.mark.parametrize("promised", ["-5", "1e3", "abc", "9" * 40, "١٢"])
def test_a_length_that_is_no_length_is_refused(client, promised):
    headers = {"Content-Length": promised.encode(), "Content-Type": "application/json"}
    assert client.post("/api/session", content=b"{}", headers=headers).status_code == 413


def test_zone_files_may_be_larger_and_not_endless(client):
    headers = signed_in(client, "organizer").headers
    answer = client.post("/api/zones/import", content=b"x" * 1_000_000, headers=headers)
    assert answer.status_code == 422
    sent = Sender(40_000_000, 1_000_000).post(client.app, "/api/zones/import", headers)
    assert sent.status == 413
    assert sent.taken <= 21_000_000


def test_a_body_up_to_the_limit_passes(client):
    body = json.dumps({"alias": "quiet-heron", "passphrase": "x", "y": ""})
    body = body.replace('""', '"' + "y" * (LIMIT - len(body)) + '"')
    assert len(body) == LIMIT
    assert client.post("/api/session", content=body, headers={"Content-Type": "application/json"}).status_code == 422
    longer = body + " "
    assert client.post("/api/session", content=longer, headers={"Content-Type": "application/json"}).status_code == 413


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": ADDRESS},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:8001"},
    {},
]
OURS = [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": ADDRESS}]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_another_sites_page_cannot_write_in_somebodys_name(client, headers, method):
    person = signed_in(client, "organizer")
    answer = client.request(
        method, "/api/session", headers={**headers, "Cookie": f"{COOKIE}={person.token}", "Content-Type": "text/plain"}
    )
    assert answer.status_code == 403
    assert answer.json()["title"] == "This request did not come from our own pages."
    assert client.get("/api/me", headers=person.headers).status_code == 200


@pytest.mark.parametrize("headers", OURS)
def test_our_own_pages_may_write_with_the_cookie(client, headers):
    person = signed_in(client, "organizer")
    answer = client.delete("/api/session", headers={**headers, "Cookie": f"{COOKIE}={person.token}"})
    assert answer.status_code == 204


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_bearer_token_needs_no_page(client, headers):
    person = signed_in(client, "organizer")
    assert client.delete("/api/session", headers={**headers, **person.headers}).status_code == 204


@pytest.mark.parametrize("headers", FOREIGN[:-1])
def test_another_sites_page_cannot_sign_anybody_in(client, headers):
    answer = client.post("/api/session", json={"alias": "a", "passphrase": "b"}, headers=headers)
    assert answer.status_code == 403


def test_every_mutating_route_refuses_another_site(client):
    writing = [door for door in doors(client.app) if door.method not in middleware.READING]
    assert len(writing) > 15
    for door in writing:
        person = signed_in(client, *Role)
        headers = {"Sec-Fetch-Site": "cross-site", "Cookie": f"{COOKIE}={person.token}"}
        answer = client.request(door.method, door.address, headers=headers)
        assert (str(door), answer.status_code) == (str(door), 403)
        assert answer.json()["title"] == "This request did not come from our own pages."


def behind_a_proxy(tmp_path):
    app = FastAPI()
    settings = Settings(data_dir=tmp_path, public_origin="https://tandem.example")
    middleware.install(app, settings)
    app.post("/write")(lambda: {"done": True})
    app.get("/static/x.js")(lambda: {"file": True})
    return app


def test_behind_a_proxy_the_public_origin_is_ours_and_tls_is_kept(tmp_path):
    client = TestClient(behind_a_proxy(tmp_path), base_url="http://10.0.0.5:8000")
    cookie = {"Cookie": f"{COOKIE}=x"}
    ours = client.post("/write", headers={"Origin": "https://tandem.example", **cookie})
    assert ours.status_code == 200
    assert ours.headers["strict-transport-security"].startswith("max-age=63072000")
    assert client.post("/write", headers={"Origin": "http://10.0.0.5:8000", **cookie}).status_code == 403
    assert client.post("/write", headers={"Origin": "http://tandem.example", **cookie}).status_code == 403


def test_browsers_keep_nothing_but_static_files(tmp_path):
    client = TestClient(behind_a_proxy(tmp_path))
    assert client.post("/write").headers["cache-control"] == "no-store"
    assert "cache-control" not in client.get("/static/x.js").headers


WANTED = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 503),
        ("GET", "/api/me", 401),
        ("GET", "/api/zones", 401),
        ("GET", "/nowhere", 404),
        ("PATCH", "/healthz", 405),
        ("POST", "/api/session", 422),
        ("GET", "/tiles/zones/1/0/0.mvt", 401),
        ("GET", "/openapi.json", 200),
    ],
)
def test_the_headers_are_on_every_answer(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    for name, value in WANTED.items():
        assert answer.headers[name] == value
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "geolocation=(self)" in answer.headers["permissions-policy"]
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers


def test_base_tiles_may_be_kept(client):
    assert client.get("/tiles/base/1/0/0.mvt").headers["cache-control"] == "public, max-age=3600"


def test_the_hash_of_an_import_map_has_its_place(client):
    client.app.state.csp_hashes.add("sha256-abc=")
    assert "script-src 'self' 'sha256-abc=';" in client.get("/healthz").headers["content-security-policy"]


@pytest.fixture
def spoken():
    before = structlog.get_config()
    stream = io.StringIO()
    structlog.configure(
        processors=[logs.allow, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    yield stream
    structlog.configure(**before)


def test_what_nobody_foresaw_is_answered_and_logged_without_its_words(app, spoken):
    @app.post("/breaks")
    def breaks(request: Request, uow: Uow, secret: str = Body()) -> None:
        raise LookupError(f"{secret} from {request.client}")

    with TestClient(app, base_url=ADDRESS) as client:
        answer = client.post("/breaks", json="SECRET")
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "about:blank",
        "title": "Something went wrong on our side; nothing was half-stored.",
        "status": 500,
    }
    assert answer.headers["cache-control"] == "no-store"
    lines = [json.loads(line) for line in spoken.getvalue().splitlines()]
    [written] = [line for line in lines if line["event"] == "request.failed"]
    assert (written["event"], written["error"]) == ("request.failed", "LookupError")
    assert written["where"].startswith("tests/acceptance/test_guards.py:")
    assert "SECRET" not in spoken.getvalue()


def test_requests_leave_no_trace_in_the_log(client, spoken, capfd, caplog):
    person = signed_in(client, "organizer")
    for address in ("198.51.100.23", "2001:db8::17"):
        headers = {**person.headers, "X-Forwarded-For": address, "User-Agent": "Canary/1"}
        client.get("/api/zones/at?lon=-93.2651&lat=44.9779", headers=headers)
        client.post("/api/session", json={"alias": "canary-alias", "passphrase": "wrong"}, headers=headers)
        client.post("/api/session", content=b"x" * 99_999, headers=headers)
        client.get("/nowhere-canary", headers=headers)
    seen = (
        spoken.getvalue()
        + "".join(capfd.readouterr())
        + "\n".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    )
    for canary in ("198.51", "2001:db8", "Canary", "93.2651", "canary", person.token, person.alias, "testclient"):
        assert canary not in seen


def test_a_sighting_leaves_no_trace_in_the_log(client, spoken, capfd, caplog):
    person = signed_in(client, "spotter")
    told = {
        "kind": "vehicle",
        "location": {"type": "Point", "coordinates": [-93.26512, 44.97781]},
        "observed_at": datetime.now(UTC).isoformat(),
        "note": "canary by the bakery",
        "vehicles": [{"type": "suv", "plate": "CNR1234"}],
    }
    kept = client.post("/api/sightings", json=told, headers=person.headers)
    assert kept.status_code == 201
    refused = client.post("/api/sightings", json=told | {"observed_at": "2099-01-01T00:00:00Z"}, headers=person.headers)
    assert refused.status_code == 422
    seen = (
        spoken.getvalue()
        + "".join(capfd.readouterr())
        + "\n".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    )
    for canary in ("93.2651", "44.9778", "canary", "CNR1234", kept.json()["receipt"], person.token):
        assert canary not in seen
