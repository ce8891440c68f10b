"""Heartbeats of the parts of a deployment; they belong to no network."""

from __future__ import annotations

from sqlalchemy.orm import Session

from records.sql import load


def beat(session: Session, part: str) -> None:
    """Note that a part works now."""
    session.execute(load("heartbeat"), {"part": part})


def age_s(session: Session, part: str) -> float | None:
    """Return how many seconds ago a part last worked, None where it never did."""
    found = session.execute(load("heartbeat_age"), {"part": part}).scalar()
    return None if found is None else float(found)
