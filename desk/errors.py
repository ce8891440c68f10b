"""What can be wrong at the desk, as sentences; the database's refusals are explained here too."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from records.errors import Refused, TryAgain


class DeskError(Exception):
    """The desk cannot do this."""

    field: str | None = None
    """The field that is wrong, where one is; never its value."""

    @property
    def sentence(self) -> str:
        """The one sentence a person reads."""
        return (type(self).__doc__ or "").strip()


class NotSignedIn(DeskError):
    """Please sign in first."""


class NotAllowed(DeskError):
    """Your role does not allow this."""


class NotFound(DeskError):
    """There is nothing here under that id."""


class NotLawful(DeskError):
    """This step is not possible from where things stand now."""


class OneDispatchPerPlace(DeskError):
    """Enough people are on their way to this incident."""

    more: dict[str, Any] | None = None
    """Where a pair would be wanted instead: an area, never a place."""


class ResponderAlreadyTaken(DeskError):
    """One of these two people has just been asked or seated elsewhere."""


class NobodyGoesAlone(DeskError):
    """Nobody goes alone: this needs both people of the pair."""


class BothMustBeThere(DeskError):
    """Staged means that both are at the meeting point."""


class NotVerified(DeskError):
    """Only a verified incident may be observed or accompanied; a pair may be sent to look."""


class TwoPeopleVerify(DeskError):
    """Verified takes two different people of two lineages."""


class CertificateMissing(DeskError):
    """This seat needs a training certificate that is still valid."""


class DispatchNeverMoves(DeskError):
    """The place of a dispatch does not change once people were asked, but for one step back from the scene."""


class MoveNotSeen(DeskError):
    """The meeting point stepped back: both of you confirm where it is now before you say you are there."""


class OfferNoLongerOpen(DeskError):
    """This offer is no longer open; thank you for answering."""


class IncidentIsOver(DeskError):
    """Nobody is sent to this incident any more: it is over, or it lives on in another."""


class CallBackFirst(DeskError):
    """Nobody vouched for has reported this yet: a script sends no one here, a dispatcher may after calling back."""


class NobodyToAsk(DeskError):
    """Nobody can be asked for this right now; the list of pairs says who was ruled out by which rule."""


class NoMeetingPointYet(DeskError):
    """There is no safe meeting point around this incident yet."""


class PairDoesNotFit(DeskError):
    """These two people cannot go together here; the list of pairs says who can."""


class IncidentStandsDifferently(DeskError):
    """This incident stands differently now than in the plan."""


class PlanHasChanged(DeskError):
    """Something has changed since this plan was made, so nobody was asked; please look at a new plan."""

    def __init__(self, changes: Sequence[Mapping[str, str | None]]) -> None:
        """Keep what changed: the shown id of each incident, the name of its zone, the sentence as `detail`."""
        super().__init__()
        self.changes = [dict(change) for change in changes]
        self.more = {"changed": self.changes}


class NotAResponder(DeskError):
    """This account is not on the roster; an organizer can add it."""


class RulesNotRead(DeskError):
    """Please read and accept the short rules of the shift first."""


class BriefNotRead(DeskError):
    """Please read the short card for this dispatch first; nobody sets out before both know the rules of it."""


class OnCallLongEnough(DeskError):
    """You have been on call for twelve hours; please rest now, you can be asked again after eight."""


class RestNeverShortened(DeskError):
    """A rest can be made longer, never shorter."""


class OverTooSoon(DeskError):
    """This time is over already."""

    field = "until"


class AlreadyJudged(DeskError):
    """You have already judged this incident; undo that judgement first."""


class AlreadyKeptApart(DeskError):
    """Somebody has already said that these two are not the same."""


class MergedMeanwhile(DeskError):
    """One of these became part of another incident a moment ago; please look again."""


class NameTaken(DeskError):
    """Another zone already has this name."""


class AliasTaken(DeskError):
    """This alias is already in use."""


class StillNeeded(DeskError):
    """Something else still depends on this."""


class DatabaseRefused(DeskError):
    """The records refused this, because it must never be."""


class NotAnnounceable(DeskError):
    """This may not be announced: it has to be verified, with evidence, and both have to name whose it is."""


class AlreadySaid(DeskError):
    """This was said already, or waits for its second person."""


class SecondPersonNeeded(DeskError):
    """A second person of another lineage has to approve this."""


class AlreadyHeld(DeskError):
    """This incident is kept already, or somebody has asked that it be."""


class HoldTakesTwo(DeskError):
    """A second person of another lineage has to confirm that this is kept."""


class OneWhoDidNotJudge(DeskError):
    """At least one of the two who say it must not have judged the incident."""


EXPLAINED: dict[str, type[DeskError]] = {
    "one_dispatch_per_place": OneDispatchPerPlace,
    "no_double_booking": ResponderAlreadyTaken,
    "one_live_offer": ResponderAlreadyTaken,
    "one_waiting_yes": ResponderAlreadyTaken,
    "asked_once_per_dispatch": ResponderAlreadyTaken,
    "nobody_goes_alone_observer": NobodyGoesAlone,
    "nobody_goes_alone_buddy": NobodyGoesAlone,
    "a_seat_needs_a_formed_pair": NobodyGoesAlone,
    "a_seat_needs_a_yes": NobodyGoesAlone,
    "staged_means_both_observer": BothMustBeThere,
    "staged_means_both_buddy": BothMustBeThere,
    "observe_needs_a_verified_incident": NotVerified,
    "accompany_needs_an_incident_that_was_verified": NotVerified,
    "verified_means_two_people_of_two_lineages": TwoPeopleVerify,
    "verified_was_verified": TwoPeopleVerify,
    "the_seat_needs_its_certificate": CertificateMissing,
    "training_is_current": CertificateMissing,
    "only_what_is_verified_is_said": NotAnnounceable,
    "local_police_is_never_announced": NotAnnounceable,
    "said_by_two_people_of_two_lineages": SecondPersonNeeded,
    "one_of_the_two_did_not_judge": OneWhoDidNotJudge,
    "one_proposal_at_a_time": AlreadySaid,
    "what_was_said_stays": NotLawful,
    "what_was_said_is_set_right": NotLawful,
    "lawful_step": NotLawful,
    "held_has_a_deadline": NotLawful,
    "the_brief_comes_first": BriefNotRead,
    "a_rest_is_never_shortened": RestNeverShortened,
    "a_dispatch_never_moves": DispatchNeverMoves,
    "only_one_step_back": DispatchNeverMoves,
    "only_outward": DispatchNeverMoves,
    "both_have_seen_the_move_observer": MoveNotSeen,
    "both_have_seen_the_move_buddy": MoveNotSeen,
    "one_standing_judgement": AlreadyJudged,
    "kept_apart_once": AlreadyKeptApart,
    "merged_once": MergedMeanwhile,
    "merged_into_has_an_end": MergedMeanwhile,
    "one_hold_at_a_time": AlreadyHeld,
    "a_hold_takes_two": HoldTakesTwo,
    "zone_name": NameTaken,
    "account_network_id_alias_key": AliasTaken,
}
"""THE table: what a constraint's refusal means to a person."""


def explain(refused: Refused) -> DeskError:
    """Return the sentence for what the database refused."""
    return EXPLAINED.get(refused.constraint, DatabaseRefused)()


RACES: Final = frozenset({"no_double_booking", "one_live_offer", "one_waiting_yes", "one_dispatch_per_place"})
"""Constraints that speak when two acts met; looked at again, the act finds the next pair, place or a clear no."""

TRIES: Final = 5
"""How often an act is tried in all when it meets another."""


def raced(error: BaseException) -> bool:
    """Say whether an act failed only because another was a moment faster, so that it may be tried again."""
    return isinstance(error, TryAgain) or (isinstance(error.__cause__, Refused) and error.__cause__.constraint in RACES)


def pause_s(attempt: int) -> float:
    """Return how many seconds to wait before the next try: longer each time, and not the same for two who met."""
    return (1 + secrets.randbelow(20)) * attempt / 1000
