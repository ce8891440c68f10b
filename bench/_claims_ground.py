"""What a storm of dispatchers needs: a network with people and incidents, and the question what is broken in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from geo import cells
from geo.distance import moved
from geo.points import LonLat
from records import engine

if TYPE_CHECKING:
    from sqlalchemy import Connection

_CITY: Final = LonLat(-93.26, 44.97)
_POLICY: Final = {"pairs": {"wave_window": 10, "held": 60, "offers_a_day": 100_000}}
FIRST_PERSON, FIRST_INCIDENT = 1_000, 100_000

WATCHED: Final = """
SELECT 'alone' AS broken, d.id FROM dispatch d
WHERE d.state IN ('paired', 'en_route', 'staged', 'on_scene')
  AND (SELECT count(DISTINCT s.responder_id) FROM seat s
       WHERE s.network_id = d.network_id AND s.dispatch_id = d.id AND s.active) <> 2
UNION ALL
SELECT 'staged alone', d.id FROM dispatch d
WHERE d.state IN ('staged', 'on_scene')
  AND (SELECT count(*) FROM seat s
       WHERE s.network_id = d.network_id AND s.dispatch_id = d.id AND s.active AND s.step >= 2) <> 2
UNION ALL
SELECT 'booked twice', s.responder_id FROM seat s
WHERE s.active GROUP BY s.network_id, s.responder_id HAVING count(*) > 1
UNION ALL
SELECT 'seated outside a pair', s.dispatch_id FROM seat s
JOIN dispatch d ON d.network_id = s.network_id AND d.id = s.dispatch_id
WHERE s.active AND d.state NOT IN ('paired', 'en_route', 'staged', 'on_scene', 'held')
UNION ALL
SELECT 'asked twice at once', o.responder_id FROM offer o
WHERE o.state = 'offered' GROUP BY o.network_id, o.responder_id HAVING count(*) > 1
UNION ALL
SELECT 'asked while seated or waiting', o.responder_id FROM offer o
WHERE o.state = 'offered'
  AND (EXISTS (SELECT FROM seat s WHERE s.network_id = o.network_id AND s.responder_id = o.responder_id AND s.active)
       OR EXISTS (SELECT FROM offer w WHERE w.network_id = o.network_id AND w.responder_id = o.responder_id
                    AND w.state = 'accepted' AND NOT w.settled))
UNION ALL
SELECT 'too many pairs', d.incident_id FROM dispatch d
WHERE d.live_place IS NOT NULL GROUP BY d.network_id, d.incident_id HAVING count(*) > 2
"""
"""What must not be at any moment, asked of the rows themselves; no answer is the right one."""

AFTERWARDS: Final = f"""{WATCHED}
UNION ALL
SELECT 'two bookings overlap', a.responder_id FROM seat a
JOIN seat b ON b.network_id = a.network_id AND b.responder_id = a.responder_id AND a.during && b.during
  AND (a.dispatch_id, a.seat, a.turn) < (b.dispatch_id, b.seat, b.turn)
UNION ALL
SELECT 'seated without a yes', s.dispatch_id FROM seat s
WHERE NOT EXISTS (SELECT FROM offer o WHERE o.network_id = s.network_id AND o.dispatch_id = s.dispatch_id
                    AND o.responder_id = s.responder_id AND o.state = 'accepted' AND o.settled)
"""
"""The same over the whole history."""


def broken(connection: Connection, network_id: int, statement: str = AFTERWARDS) -> list[tuple[str, int]]:
    """Return what is broken in a network, as the owner sees it."""
    connection.execute(text("SELECT set_config('tandem.network_id', :n, true)"), {"n": str(network_id)})
    return [(row.broken, row.id) for row in connection.execute(text(statement))]


def settle_in(url: str, people: int, incidents: int) -> int:
    """Make a rehearsal with trained people and open incidents in one city; return the network's number."""
    now = datetime.now(UTC)
    network_id = engine.ensure_network(url, slug="storm", name="Storm", kind="demo")
    owner = engine.owner_engine(url)
    with owner.begin() as connection:
        connection.execute(text("SELECT set_config('tandem.network_id', :n, true)"), {"n": str(network_id)})
        connection.execute(
            text("UPDATE network SET policy = CAST(:policy AS jsonb) WHERE id = :n"),
            {"policy": json.dumps(_POLICY), "n": network_id},
        )
        for number in range(people):
            spot = cells.cell_at(moved(_CITY, 150.0 * (number % 7) - 450.0, 150.0 * (number // 7) - 450.0), 9)
            connection.execute(
                text(_PERSON),
                {
                    "n": network_id,
                    "id": FIRST_PERSON + number,
                    "alias": f"person-{number}",
                    "now": now,
                    "until": now + timedelta(hours=8),
                    "trained": now + timedelta(days=100),
                    "cell9": cells.to_int(spot),
                    "kinds": ["trained", "observer"] if number % 2 else ["trained"],
                },
            )
        for number in range(incidents):
            place = moved(_CITY, 90.0 * (number % 9) - 360.0, 90.0 * (number // 9) - 270.0)
            connection.execute(
                text(_INCIDENT),
                {
                    "n": network_id,
                    "id": FIRST_INCIDENT + number,
                    "lon": place.lon,
                    "lat": place.lat,
                    "cell7": cells.to_int(cells.cell_at(place, 7)),
                    "cell10": cells.to_int(cells.cell_at(place, 10)),
                    "now": now,
                },
            )
    owner.dispose()
    return network_id


_PERSON: Final = """
WITH one AS (
  INSERT INTO account (network_id, id, alias, lineage, roles, created_on)
  VALUES (:n, :id, :alias, :id, '{responder}', '2026-01-01')),
two AS (
  INSERT INTO responder (network_id, id, account_id, mode, base_cell9, cleared_total, available_since, available_until)
  VALUES (:n, :id, :id, 'bicycle', :cell9, 9, :now, :until))
INSERT INTO certificate SELECT :n, :id, kind, :trained FROM unnest(CAST(:kinds AS text[])) AS kind
"""
_INCIDENT: Final = """
INSERT INTO incident (network_id, id, location, cell7, cell10, opened_at, first_seen_at, last_seen_at, sightings,
                      vouched_groups)
VALUES (:n, :id, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :cell7, :cell10, :now, :now, :now, 1, 1)
"""
NEW_SHIFT: Final = """
UPDATE responder SET available_since = now(), available_until = now() + interval '8 hours'
WHERE network_id = :n AND available_until < now()
"""
