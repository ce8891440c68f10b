"""Facts, in the past tense: what the desk recorded, and what screens are told happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened: ids and versions only, never a place or a text."""

    kind: ClassVar[str]
    subject: int
    version: int = 1
    responder_id: int | None = None
    """The one responder this concerns, where it concerns one."""
    cell5: str | None = None


class SightingReceived(Fact):
    """A sighting was stored."""

    kind = "sighting.received"


class SightingRetracted(Fact):
    """Its reporter took a sighting back."""

    kind = "sighting.retracted"


class IncidentOpened(Fact):
    """A sighting began an incident."""

    kind = "incident.opened"


class IncidentChanged(Fact):
    """An incident gained or lost sightings, or its score moved."""

    kind = "incident.changed"


class IncidentCorroborated(Fact):
    """Independent vouched sources agree."""

    kind = "incident.corroborated"


class IncidentMerged(Fact):
    """An incident now points to its survivor."""

    kind = "incident.merged"


class IncidentSplit(Fact):
    """An incident was parted from another."""

    kind = "incident.split"


class IncidentsSuggested(Fact):
    """An incident may be the same as another one: a person should look."""

    kind = "incident.suggested"


class IncidentJudged(Fact):
    """Somebody judged an incident, and its state stayed."""

    kind = "incident.judged"


class IncidentVerified(Fact):
    """Two different people of two lineages judged an incident verified."""

    kind = "incident.verified"


class IncidentUnfounded(Fact):
    """An incident turned out to be nothing, or something else."""

    kind = "incident.unfounded"


class IncidentClosed(Fact):
    """An incident is over."""

    kind = "incident.closed"


class OutcomeMoved(Fact):
    """What an incident was decided to be does not stand as it did."""

    kind = "incident.outcome"


class IncidentQuiet(Fact):
    """Nothing new was seen of an incident for long: it is proposed that it is over."""

    kind = "incident.quiet"


class SceneFound(Fact):
    """One of two said what they found on scene."""

    kind = "incident.found"


class EvidenceMoved(Fact):
    """A verified incident gained or lost sightings."""

    kind = "incident.evidence"


class IncidentWithdrawn(Fact):
    """What could be said of an incident may not be said any more."""

    kind = "incident.withdrawn"


class StatementProposed(Fact):
    """Somebody proposed to tell the members of an incident; only the desk hears this fact."""

    kind = "statement.proposed"


class StatementDropped(Fact):
    """A proposal came to nothing; only the desk hears this fact."""

    kind = "statement.dropped"


class StatementSaid(Fact):
    """Two people told the members of an incident's zones."""

    kind = "statement.said"


class StatementCorrected(Fact):
    """What was said is not confirmed; the same members are told."""

    kind = "statement.corrected"


class StatementOver(Fact):
    """What was said is over; the same members are told."""

    kind = "statement.over"


class ZonesChanged(Fact):
    """Zones were drawn, imported, changed or removed; the subject is the new version."""

    kind = "zones.changed"


class AvailabilityChanged(Fact):
    """A responder became available or stopped being so."""

    kind = "responder.availability"


class DispatchOpened(Fact):
    """A dispatch began to look for its pair."""

    kind = "dispatch.opened"


class OfferMade(Fact):
    """A responder was asked."""

    kind = "offer.offered"


class OfferAccepted(Fact):
    """A responder said yes and waits for a partner."""

    kind = "offer.accepted"


class OfferDeclined(Fact):
    """A responder said no; no reason is asked."""

    kind = "offer.declined"


class OfferExpired(Fact):
    """A responder did not answer in time."""

    kind = "offer.expired"


class OfferReleased(Fact):
    """A responder is not needed after all, with thanks."""

    kind = "offer.released"


class PairFormed(Fact):
    """Two compatible people said yes: there is a pair."""

    kind = "dispatch.paired"


class DispatchMoved(Fact):
    """A dispatch, or one of its two people, took a lawful step."""

    kind = "dispatch.moved"


class PartnerLost(Fact):
    """One of two withdrew, fell silent, never came or is gone: the other is told to hold."""

    kind = "dispatch.held"


class DispatchEnded(Fact):
    """A dispatch was cleared, cancelled or stayed unfilled."""

    kind = "dispatch.ended"


class AlarmChanged(Fact):
    """A dispatcher took or ended the call of somebody on this dispatch; only the desk hears this fact."""

    kind = "dispatch.alarm"


class ResponderGone(Fact):
    """A responder was suspended, or signed out everywhere: nobody hears of them any more."""

    kind = "responder.gone"


class CheckedIn(Fact):
    """A person on a dispatch checked in; ok and duress look alike here."""

    kind = "checkin.made"


class CheckinLate(Fact):
    """A check-in is due and has not come: the partner, whom this concerns, looks first."""

    kind = "checkin.late"


class LinesDue(Fact):
    """Somebody has been silent for so long that the desk calls the lines agreed before; only the desk hears this."""

    kind = "checkin.lines"


class CheckinMissed(Fact):
    """A person on a dispatch did not check in in time."""

    kind = "checkin.missed"


class HelpCalled(Fact):
    """A person on a dispatch called for help, openly or silently; only the desk hears this fact."""

    kind = "checkin.help"
