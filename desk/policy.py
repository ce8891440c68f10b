"""The network's numbers: defaults with floors, tuned by rows of the network, read into frozen policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any, Final

from desk.errors import DeskError
from geo.errors import GeoError
from geo.linking import ClusterPolicy
from matcher.errors import MatcherError
from matcher.policy import PairPolicy
from records.enums import Basis


class PolicyUnusable(DeskError):
    """The numbers of this network cannot be used, so nothing of it can be done until they are set again."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


LONGEST_SHIFT: Final = timedelta(hours=12)
"""A person is on call, or signed in, for at most this long; the rules of the shift are read again after it."""


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """What happens to a sighting at the door."""

    anonymous_reports: bool = False
    late_after: timedelta = timedelta(hours=6)
    """Observed longer ago than this: kept as documentation, never a reason to send anybody."""
    early_by: timedelta = timedelta(minutes=2)
    """Observed further in the future than this: refused; less is taken as now, and marked."""
    oldest: timedelta = timedelta(days=3650)
    coarse_beyond_m: float = 150.0
    """A pin vaguer than this is attached to what it tells of and never joins two others (decision 8)."""
    unvouched_per_cell_and_hour: int = 200
    area_margin_m: float = 15_000.0
    """Reports from this far outside the zones are taken too: a city's airport often lies beyond its districts."""
    note_length: int = 500


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """When people may call an incident verified, and how long what they say of it stands.

    Two people of two lineages, a basis from the list, and the evidence behind a statement are floors: a network may ask
    for more and never for less.
    """

    quiet_after: timedelta = timedelta(minutes=90)
    """Nothing new for this long, and nobody out there: the desk closes an unverified incident by itself."""
    over_after: timedelta = timedelta(minutes=30)
    """Nothing new for this long: one person may say it is over, and the desk proposes to, never more than that."""
    people_needed: int = 2
    require_agreed_agency: bool = False
    """Whether `verified` waits until two people name the same agency; else it stands with the agency unknown."""
    require_evidence_floor: bool = False
    """Whether `verified` itself needs what every statement needs: see `desk.criteria.floor_met`."""
    accepted_bases: tuple[str, ...] = tuple(Basis)
    """How one may know whose they are; a network may leave some out, and add none."""
    statement_lasts: timedelta = timedelta(hours=4)
    """How long members are shown what was said; corrections follow for as long as it is known who read it."""
    corrected_within: timedelta = timedelta(days=7)
    """How long it is known who read what, so that a correction reaches them; then the link is cut."""

    def __post_init__(self) -> None:
        """Keep to the floors."""
        object.__setattr__(self, "people_needed", min(5, max(2, self.people_needed)))
        kept = tuple(basis for basis in Basis if basis in self.accepted_bases)
        object.__setattr__(self, "accepted_bases", kept or tuple(Basis))
        object.__setattr__(self, "statement_lasts", min(self.statement_lasts, timedelta(hours=4)))
        object.__setattr__(self, "corrected_within", min(self.corrected_within, timedelta(days=7)))


@dataclass(frozen=True, slots=True)
class CheckinPolicy:
    """How often each person on a dispatch says that they are well."""

    every: timedelta = timedelta(minutes=10)
    grace: timedelta = timedelta(minutes=3)
    """A check-in this late is missed: the desk is told, and the other one holds. The partner is told at once."""
    line_after: timedelta = timedelta(minutes=8)
    """Nobody has heard of a person this long after their check-in was due: the desk calls the lines agreed before."""
    set_out: timedelta = timedelta(minutes=10)
    """A pair was formed this long ago and somebody did not set out: that person counts as silent."""
    late_by: timedelta = timedelta(minutes=15)
    """Somebody is this much later at the meeting point than their way takes: that person counts as silent."""
    alone: timedelta = timedelta(minutes=15)
    """Nobody stands alone at the meeting point for longer than this: whoever has not come counts as silent."""
    legal_line: str = ""
    """The number that volunteers and the desk call, as the network's lawyers agreed to it."""

    def __post_init__(self) -> None:
        """Keep the order of the ladder: the lines come after the desk, and neither later than the ceilings."""
        object.__setattr__(self, "grace", min(self.grace, _GRACE))
        object.__setattr__(self, "line_after", max(self.grace, min(self.line_after, _LINE)))
        for name in ("set_out", "late_by", "alone"):
            object.__setattr__(self, name, max(_SHORTEST_WAIT, min(getattr(self, name), _LONGEST_WAIT)))


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long things are kept; shorter is possible, longer is not."""

    position: timedelta = timedelta(minutes=15)
    exact_unverified: timedelta = timedelta(hours=24)
    exact_verified: timedelta = timedelta(days=7)
    events: timedelta = timedelta(hours=24)
    answers: timedelta = timedelta(hours=72)
    plate_tokens: timedelta = timedelta(hours=72)
    unverified: timedelta = timedelta(hours=72)
    """Reports and incidents that nobody verified, coarse from `exact_unverified` on, then gone; their number stays."""
    offers: timedelta = timedelta(days=7)
    """Who was asked and did not go, and when somebody was on call."""
    records: timedelta = timedelta(days=30)
    """What people did: dispatches with seats and check-ins, judgements, decisions, statements, verified reports."""
    coarse: timedelta = timedelta(days=365)
    """A verified incident as an hour and a cell of resolution 8; afterwards a number for a week and resolution 7."""
    audits: timedelta = timedelta(days=90)
    accounts: timedelta = timedelta(days=180)
    """An account after the day it was last used, a suspended one too."""

    def __post_init__(self) -> None:
        """Keep to the ceilings: what a network asks for may only be shorter."""
        for each in fields(self):
            object.__setattr__(self, each.name, min(getattr(self, each.name), each.default))


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """How long somebody stays signed in, and how long a voucher holds."""

    idle: timedelta = timedelta(minutes=30)
    """A person's session ends after this long without use."""
    lasts: timedelta = LONGEST_SHIFT
    """A person's session ends after this long: the shift."""
    voucher_lasts: timedelta = timedelta(hours=24)
    vouchers_per_day: int = 30

    def __post_init__(self) -> None:
        """Keep to the floors: shorter and fewer is possible, longer and more is not."""
        for name, most in (
            ("idle", _IDLE),
            ("lasts", LONGEST_SHIFT),
            ("voucher_lasts", _DAY),
            ("vouchers_per_day", 30),
        ):
            object.__setattr__(self, name, min(getattr(self, name), most))


_SHORTEST_WAIT, _LONGEST_WAIT = timedelta(minutes=2), timedelta(minutes=30)
_GRACE, _LINE = timedelta(minutes=5), timedelta(minutes=15)
_IDLE, _DAY = timedelta(minutes=30), timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """All the numbers of one network, one frozen part per room."""

    clustering: ClusterPolicy = field(default_factory=ClusterPolicy)
    pairs: PairPolicy = field(default_factory=lambda: PairPolicy(new_below=0))
    """Two new people may go together until a network says otherwise: in a young one everybody is new (decision 7)."""
    intake: IntakePolicy = field(default_factory=IntakePolicy)
    verification: VerificationPolicy = field(default_factory=VerificationPolicy)
    checkins: CheckinPolicy = field(default_factory=CheckinPolicy)
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    sessions: SessionPolicy = field(default_factory=SessionPolicy)

    @classmethod
    def of(cls, numbers: Mapping[str, Mapping[str, Any]]) -> NetworkPolicy:
        """Return the defaults with a network's own numbers laid over them.

        Durations are given in seconds. Unknown names are ignored, so that an older program can read a newer row;
        each part checks its floors itself.

        Raises
        ------
        PolicyUnusable
            A number is out of range, or no number; it names the part.
        """
        policy = cls()
        for part in fields(cls):
            own = numbers.get(part.name)
            if own:
                try:
                    policy = replace(policy, **{part.name: _tuned(getattr(policy, part.name), own)})
                except (GeoError, MatcherError, TypeError, ValueError, AttributeError, OverflowError) as error:
                    raise PolicyUnusable(part.name) from error
        return policy

    @classmethod
    def unusable_part(cls, numbers: Mapping[str, Mapping[str, Any]]) -> str:
        """Return the part of a network's numbers that cannot be used, empty where all can."""
        try:
            cls.of(numbers)
        except PolicyUnusable as error:
            return error.part
        return ""


def _tuned(part: Any, own: Mapping[str, Any]) -> Any:
    known = {each.name for each in fields(part)}
    changes: dict[str, Any] = {}
    for name, value in own.items():
        if name in known:
            changes[name] = timedelta(seconds=value) if isinstance(getattr(part, name), timedelta) else value
    return replace(part, **changes)
