"""What every repository is: a session inside one network."""

from __future__ import annotations

from sqlalchemy.orm import Session


class Repository:
    """One family of records of one network; takes values, returns records, never commits."""

    def __init__(self, session: Session, network_id: int) -> None:
        self._session = session
        self._network_id = network_id
