"""What is kept of whom and for how long, the reaper that sees to it, and holds by counsel that stop it."""

from desk.retention.holding import HoldSeen, ask, confirm, holds, lift, renew
from desk.retention.person import Holdings, what_we_hold
from desk.retention.reaping import REAPERS, forget_log, forget_plate_keys, forget_records, forget_reports

__all__ = [
    "REAPERS",
    "HoldSeen",
    "Holdings",
    "ask",
    "confirm",
    "forget_log",
    "forget_plate_keys",
    "forget_records",
    "forget_reports",
    "holds",
    "lift",
    "renew",
    "what_we_hold",
]
