"""Dispatchers and those they ask reach for the same few people; the rows are asked all the time what is broken."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from sqlalchemy import text

from bench._claims_ground import WATCHED, broken, settle_in
from bench.claims import Storm
from records import engine

PEOPLE, INCIDENTS, SECONDS = 12, 6, 4.0


def a_storm(url: str, key_dir: Path, seed: int = 7) -> Storm:
    return Storm(
        url=url,
        network_id=settle_in(url, PEOPLE, INCIDENTS),
        key_dir=str(key_dir),
        people=range(1_000, 1_000 + PEOPLE),
        incidents=range(100_000, 100_000 + INCIDENTS),
        dispatchers=8,
        responders=12,
        seconds=SECONDS,
        seed=seed,
        at_once=10,
        think_s=0.02,
    )


def test_nobody_alone_nobody_twice(fresh_database_url: str, tmp_path: Path) -> None:
    storm = a_storm(fresh_database_url, tmp_path)
    outcomes = []
    blowing = threading.Thread(target=lambda: outcomes.append(storm.blow()))
    blowing.start()
    owner = engine.owner_engine(fresh_database_url)
    found, looks = [], 0
    while blowing.is_alive():
        with owner.begin() as connection:
            found += broken(connection, storm.network_id, WATCHED)
        looks += 1
        time.sleep(0.1)
    with owner.begin() as connection:
        found += broken(connection, storm.network_id)
        deadlocks = connection.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
    owner.dispose()
    assert found == []
    assert deadlocks == 0
    assert looks > 5
    assert outcomes[0].pairs > 0
    # Whoever was turned away heard a sentence made for it, and no race reached them.
    assert not {"DatabaseRefused", "TryAgain", "NobodyGoesAlone", "DatabaseAway"} & outcomes[0].refused.keys()


def test_the_watch_sees_what_is_broken(fresh_database_url: str, tmp_path: Path) -> None:
    """Without the guards, two people's worth of wrong rows are found: the silence above means something."""
    storm = a_storm(fresh_database_url, tmp_path)
    owner = engine.owner_engine(fresh_database_url)
    with owner.begin() as connection:
        connection.execute(text("SELECT set_config('tandem.network_id', :n, true)"), {"n": str(storm.network_id)})
        for guard in ("nobody_goes_alone_observer", "nobody_goes_alone_buddy"):
            connection.execute(text(f"ALTER TABLE dispatch DROP CONSTRAINT {guard}"))
        connection.execute(text("ALTER TABLE seat DROP CONSTRAINT no_double_booking"))
    with owner.begin() as connection:
        connection.execute(text("SELECT set_config('tandem.network_id', :n, true)"), {"n": str(storm.network_id)})
        for number in (1, 2):
            connection.execute(
                text(
                    "INSERT INTO dispatch (network_id, id, incident_id, task, place, meeting_point, meeting_name,"
                    " made_at, state_at) VALUES (:n, :d, 100000, 'look', :d, 'POINT(0 0)', 'Corner', now(), now())"
                ),
                {"n": storm.network_id, "d": number},
            )
            connection.execute(
                text(
                    "INSERT INTO offer (network_id, id, dispatch_id, responder_id, wave, state, settled, eta_s,"
                    " offered_at, expires_at) VALUES (:n, :d, :d, 1001, 1, 'accepted', true, 1, now(),"
                    " now() + interval '1 minute')"
                ),
                {"n": storm.network_id, "d": number},
            )
            connection.execute(
                text(
                    "INSERT INTO seat (network_id, dispatch_id, seat, responder_id, cert_until, during)"
                    " SELECT :n, :d, 1, 1001, valid_until, tstzrange(now(), NULL) FROM certificate"
                    " WHERE responder_id = 1001 AND kind = 'observer'"
                ),
                {"n": storm.network_id, "d": number},
            )
            connection.execute(text("UPDATE dispatch SET state = 'paired' WHERE id = :d"), {"d": number})
    with owner.begin() as connection:
        found = {what for what, _ in broken(connection, storm.network_id)}
    owner.dispose()
    assert {"alone", "booked twice", "two bookings overlap"} <= found
