"""A rehearsal has a clock of its own, which only runs forward."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from desk.errors import DeskError
from desk.unit_of_work import UnitOfWork
from records.enums import NetworkKind

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


class OnlyRehearsals(DeskError):
    """Only a rehearsal has a clock that can be moved."""


class ClockRunsForward(DeskError):
    """A rehearsal's clock runs forward only."""

    field = "now"


class OutOfTime(DeskError):
    """A rehearsal takes place between the years 2000 and 2100."""

    field = "now"


def move_clock(uow: UnitOfWork, moment: datetime) -> None:
    """Move a rehearsal's clock on to `moment`, and this act with it; the first call sets it.

    Raises
    ------
    OnlyRehearsals
        The network is of real people, or a demo.
    ClockRunsForward
        The clock stands later already.
    OutOfTime
        Nobody rehearses in that year.
    """
    if uow.network.kind != NetworkKind.REHEARSAL:
        raise OnlyRehearsals
    if not _EARLIEST <= moment < _LATEST:
        raise OutOfTime
    if not uow.networks.move_rehearsal_clock(moment):
        raise ClockRunsForward
    uow.now = moment
