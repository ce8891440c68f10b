"""Propose pairs, ask people, seat the first two who fit, follow them until they are home."""

from desk.dispatching.answering import accept, decline, step_aside
from desk.dispatching.asking import expire_due, steer, top_up
from desk.dispatching.ending import call_back, cancel, held_due, stop_asking
from desk.dispatching.expecting import expected_due
from desk.dispatching.explaining import explain
from desk.dispatching.losing import hold_for_silence, lose_gone, seek_partner, withdraw
from desk.dispatching.moving import progress, read_brief
from desk.dispatching.planning import PlannedPair, plan, send_all
from desk.dispatching.proposing import area_of, nearest_pair, propose, ruled_out
from desk.dispatching.sending import send
from desk.dispatching.stepping import see_move, step_back
from desk.dispatching.views import (
    dispatch_view,
    dispatch_views,
    my_answer,
    my_dispatch,
    my_view,
    page,
    views_for,
)

__all__ = [
    "PlannedPair",
    "accept",
    "area_of",
    "call_back",
    "cancel",
    "decline",
    "dispatch_view",
    "dispatch_views",
    "expected_due",
    "expire_due",
    "explain",
    "held_due",
    "hold_for_silence",
    "lose_gone",
    "my_answer",
    "my_dispatch",
    "my_view",
    "nearest_pair",
    "page",
    "plan",
    "progress",
    "propose",
    "read_brief",
    "ruled_out",
    "see_move",
    "seek_partner",
    "send",
    "send_all",
    "steer",
    "step_aside",
    "step_back",
    "stop_asking",
    "top_up",
    "views_for",
    "withdraw",
]
