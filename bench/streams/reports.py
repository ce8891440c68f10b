"""One report of a labelled stream, with what is true about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.points import LonLat

TRAINER_DEPTH = 2
"""How much of a path of vouchers names a group: below the trainer, `trainer03/lead2` of `trainer03/lead2/member11`."""

UNVOUCHED = "anon/"
"""What the path of a sender begins with whom nobody vouched for."""


@dataclass(frozen=True, slots=True)
class Said:
    """A vehicle as the report describes it."""

    type: str
    make: str
    model: str
    color: str
    plate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one person sent; `t` is when they saw it, in seconds since 1970-01-01 UTC.

    Attributes
    ----------
    id
        The idempotency key.
    source
        The path of vouchers down to the account, or `anon/` and a name.
    part
        `witness`, `echo`, `false` or `flood`.
    incident, real
        Which event it tells of, and whether that event happened.
    """

    id: str
    kind: str
    place: LonLat
    t: float
    accuracy_m: int
    activity: str | None
    size: int | None
    unit: str
    basis: str | None
    source: str
    vehicles: tuple[Said, ...]
    incident: str
    real: bool
    part: str

    @property
    def vouched(self) -> bool:
        """Whether somebody vouched for the sender."""
        return not self.source.startswith(UNVOUCHED)

    @property
    def group(self) -> str:
        """Whom it counts for: the path cut below the trainer, or the unvouched sender alone."""
        return "/".join(self.source.split("/")[:TRAINER_DEPTH]) if self.vouched else self.source
