"""The compose file and the proxy's configuration, read as an engine would, since none runs here."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from records.cluster import SETTINGS
from records.durability import QUIET, durability_faults, logging_faults

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
CADDYFILE = [line.strip() for line in (ROOT / "deploy" / "Caddyfile").read_text().splitlines()]


def server_settings() -> dict[str, str]:
    words = SERVICES["postgis"]["command"]
    assert words[0] == "postgres"
    assert all(word.startswith("-c") for word in words[1:])
    return dict(word.removeprefix("-c").split("=", 1) for word in words[1:])


def test_the_five_parts_are_there_and_each_can_be_built_or_fetched():
    assert set(SERVICES) == {"postgis", "migrate", "serve", "worker", "proxy"}
    assert all({"image", "build"} & set(service) for service in SERVICES.values())


def test_everything_a_part_names_exists():
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
        assert set(service.get("depends_on", {})) <= set(SERVICES)


def test_parts_wait_for_what_they_need():
    assert SERVICES["migrate"]["depends_on"] == {"postgis": {"condition": "service_healthy"}}
    for name in ("serve", "worker"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES["proxy"]["depends_on"] == {"serve": {"condition": "service_healthy"}}


@pytest.mark.parametrize("name", ["postgis", "serve", "worker", "proxy"])
def test_each_lasting_part_has_a_healthcheck_and_comes_back(name):
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_only_the_proxy_publishes_ports():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def test_the_database_has_no_network_and_listens_on_none():
    assert SERVICES["postgis"]["network_mode"] == "none"
    assert server_settings()["listen_addresses"] == ""


def test_no_secret_stands_in_the_file():
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    ignored = (ROOT / ".gitignore").read_text().split()
    assert all(any(f"/{Path(s['file'])}".startswith(i) for i in ignored) for s in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert name.endswith("_FILE") or not any(word in name for word in ("PASSWORD", "SECRET", "TOKEN", "KEY"))
            assert "@" not in value or value.startswith("postgresql+psycopg://tandem@/")


def test_the_server_keeps_what_it_acknowledged_and_logs_no_words():
    settings = server_settings()
    assert durability_faults(settings) == []
    assert logging_faults(settings) == []
    assert "--data-checksums" in SERVICES["postgis"]["environment"]["POSTGRES_INITDB_ARGS"]
    for name in ("wal_compression", "max_wal_size", "idle_in_transaction_session_timeout", *QUIET):
        assert settings[name] == SETTINGS[name]


def test_programs_run_without_root_and_without_extra_rights():
    for name in ("migrate", "serve", "worker"):
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["ulimits"] == {"core": 0}
    assert "\nUSER tandem\n" in (ROOT / "Dockerfile").read_text()


def test_the_proxy_ends_tls_and_writes_no_access_log():
    assert sum(line.count("{") for line in CADDYFILE if not line.startswith("{$")) + 1 == CADDYFILE.count("}")
    site = CADDYFILE.index("{$TANDEM_SITE} {")
    inside_sites = CADDYFILE[site:]
    assert not [line for line in inside_sites if line.split()[:1] == ["log"]]
    assert "auto_https off" not in CADDYFILE
    assert "request delete" in CADDYFILE[:site]
    assert any(line.startswith("reverse_proxy serve:8000") for line in inside_sites)


def test_the_image_holds_every_room():
    copied = (ROOT / "Dockerfile").read_text()
    for room in ("geo", "zones", "matcher", "records", "desk", "fixtures", "api", "web"):
        assert f"COPY {room} {room}\n" in copied
