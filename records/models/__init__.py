"""One file per record."""

from records.models.account import Account
from records.models.alarm import Alarm
from records.models.audit import Audit
from records.models.cell_shape import CellShape
from records.models.certificate import Certificate
from records.models.checkin import Checkin
from records.models.cluster import Cluster
from records.models.decision import Decision
from records.models.dispatch import Dispatch
from records.models.event import Event
from records.models.ground import Ground
from records.models.hold import Hold
from records.models.idempotency import KeptAnswer
from records.models.incident import Incident
from records.models.judgement import Judgement
from records.models.network import Network
from records.models.offer import Offer
from records.models.past_count import PastCount
from records.models.past_time import PastTime
from records.models.position import Position
from records.models.public_place import PublicPlace
from records.models.reliability import Reliability
from records.models.reliability_counted import ReliabilityCounted
from records.models.reporter import Reporter
from records.models.responder import Responder
from records.models.roster_change import RosterChange
from records.models.seat import Seat
from records.models.session import SignedIn
from records.models.sighting import Sighting
from records.models.sighting_override import SightingOverride
from records.models.statement import Statement
from records.models.statement_seen import StatementSeen
from records.models.street import Street
from records.models.suggestion import Suggestion
from records.models.voucher import Voucher
from records.models.window_version import WindowVersion
from records.models.zone import Zone

__all__ = [
    "Account",
    "Alarm",
    "Audit",
    "CellShape",
    "Certificate",
    "Checkin",
    "Cluster",
    "Decision",
    "Dispatch",
    "Event",
    "Ground",
    "Hold",
    "Incident",
    "Judgement",
    "KeptAnswer",
    "Network",
    "Offer",
    "PastCount",
    "PastTime",
    "Position",
    "PublicPlace",
    "Reliability",
    "ReliabilityCounted",
    "Reporter",
    "Responder",
    "RosterChange",
    "Seat",
    "Sighting",
    "SightingOverride",
    "SignedIn",
    "Statement",
    "StatementSeen",
    "Street",
    "Suggestion",
    "Voucher",
    "WindowVersion",
    "Zone",
]
