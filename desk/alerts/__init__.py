"""What members are told: two people say it, of what is verified alone; what changes is set right to the same people."""

from desk.alerts.answering import forget_readers, set_right
from desk.alerts.following import Audience, audiences, follow_zones, is_told
from desk.alerts.saying import approve, drop, propose
from desk.alerts.showing import followed, heard, mine, of_incident, outlook, view

__all__ = [
    "Audience",
    "approve",
    "audiences",
    "drop",
    "follow_zones",
    "followed",
    "forget_readers",
    "heard",
    "is_told",
    "mine",
    "of_incident",
    "outlook",
    "propose",
    "set_right",
    "view",
]
