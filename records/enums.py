"""Every status word, once; the database checks the same words."""

from __future__ import annotations

from enum import StrEnum


class NetworkKind(StrEnum):
    """What a network is for: a rehearsal has a clock of its own, a demo has logins everybody may know."""

    LIVE = "live"
    DEMO = "demo"
    REHEARSAL = "rehearsal"


class Role(StrEnum):
    """What an account may be; one account may be several."""

    SPOTTER = "spotter"
    RESPONDER = "responder"
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    VERIFIER = "verifier"
    ORGANIZER = "organizer"
    ANALYST = "analyst"
    LEGAL = "legal"
    ADMIN = "admin"


class AccountKind(StrEnum):
    """Who stands behind an account."""

    PERSON = "person"
    SCRIPT = "script"
    FEED = "feed"


class SightingKind(StrEnum):
    """What was seen."""

    VEHICLE = "vehicle"
    ACTIVITY = "activity"


class Activity(StrEnum):
    """What they were doing."""

    STOP = "stop"
    ARREST = "arrest"
    DOOR_VISIT = "door_visit"
    WORKPLACE = "workplace"
    CHECKPOINT = "checkpoint"
    STAGING = "staging"
    PATROL = "patrol"
    SURVEILLANCE = "surveillance"
    OTHER = "other"


class Unit(StrEnum):
    """Whose they were; also the agency of a judgement."""

    IMMIGRATION = "immigration"
    LOCAL_POLICE = "local_police"
    OTHER_FEDERAL = "other_federal"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """How one knows whose they are; looks alone are no basis."""

    VEHICLE_MARKING = "vehicle marking"
    UNIFORM_MARKING = "uniform marking"
    SAID_SO = "said so"
    DOCUMENT_SHOWN = "document shown"
    SEEN_IN_PERSON = "seen in person"


class Use(StrEnum):
    """What a sighting may be used for."""

    INDEXED = "indexed"
    COARSE = "coarse"
    DOCUMENTATION = "documentation"
    OVER_CAP = "over_cap"


class IncidentStatus(StrEnum):
    """Where an incident stands."""

    UNVERIFIED = "unverified"
    CORROBORATED = "corroborated"
    VERIFIED = "verified"
    UNFOUNDED = "unfounded"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What one person judged."""

    VERIFIED = "verified"
    UNFOUNDED = "unfounded"
    UNSURE = "unsure"
    CLEAR = "clear"


class Template(StrEnum):
    """What can be said to members: codes of the catalogue, never a free text."""

    VERIFIED = "alert.verified"
    CLEAR = "alert.clear"
    CORRECTION = "alert.correction"


class StatementState(StrEnum):
    """Where a statement stands."""

    PROPOSED = "proposed"
    DROPPED = "dropped"
    STANDING = "standing"
    CORRECTED = "corrected"
    OVER = "over"


class Heard(StrEnum):
    """What somebody who holds a receipt is told of their report."""

    CHECKING = "being checked"
    CONFIRMED = "confirmed"
    NOT_CONFIRMED = "not confirmed"
    OVER = "over"
    RETRACTED = "retracted"


class Task(StrEnum):
    """What a pair may be asked to do: a closed list."""

    LOOK = "look"
    OBSERVE = "observe"
    ACCOMPANY = "accompany"


class DispatchState(StrEnum):
    """Where a dispatch stands."""

    OFFERING = "offering"
    PAIRED = "paired"
    EN_ROUTE = "en_route"
    STAGED = "staged"
    ON_SCENE = "on_scene"
    HELD = "held"
    CLEARED = "cleared"
    CANCELLED = "cancelled"
    UNFILLED = "unfilled"


class Found(StrEnum):
    """What one of two found on scene, said when they cleared."""

    ENFORCEMENT_SEEN = "enforcement_seen"
    OVER_BEFORE_ARRIVAL = "over_before_arrival"
    LOCAL_POLICE = "local_police"
    SOMETHING_ELSE = "something_else"
    NOTHING_FOUND = "nothing_found"
    NOT_REACHED = "not_reached"
    DRILL = "drill"


class HoldReason(StrEnum):
    """Why counsel asks that an incident be kept."""

    LITIGATION = "litigation"
    COMPLAINT = "complaint"
    CRIMINAL_DEFENCE = "criminal_defence"
    COURT_ORDER = "court_order"


class OfferState(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    RELEASED = "released"


class SeatKind(StrEnum):
    """The two seats of every pair."""

    OBSERVER = "observer"
    BUDDY = "buddy"


class CertificateKind(StrEnum):
    """What a person was trained for."""

    TRAINED = "trained"
    OBSERVER = "observer"


class CheckinState(StrEnum):
    """What a person on a dispatch answers; duress looks like ok to everybody but the desk."""

    OK = "ok"
    HELP = "help"
    DURESS = "duress"


class CallEnd(StrEnum):
    """Why a call of somebody out there ended."""

    HEARD = "heard"
    BY_PHONE = "reached_by_phone"
    IN_PERSON = "reached_in_person"
    MISTAKE = "mistake"
    HANDED_ON = "handed_on"


class TravelMode(StrEnum):
    """How a responder moves."""

    FOOT = "foot"
    BICYCLE = "bicycle"
    CAR = "car"


class GroundLayer(StrEnum):
    """What the base map is drawn from."""

    WATER = "water"
    PARK = "park"
    LANDUSE = "landuse"
    BUILDING = "building"
    STREET = "street"
    PLACE = "place"


class DecisionKind(StrEnum):
    """What a person can decide about two incidents."""

    MERGE = "merge"
    SPLIT = "split"
    APART = "apart"


class SuggestionKind(StrEnum):
    """Why two incidents might be one."""

    PLATE = "plate"
    VEHICLE = "vehicle"
    NEAR = "near"
