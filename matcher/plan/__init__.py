"""One plan for all open incidents: pairs assigned together, with a bound that no other plan goes below."""

from matcher.plan.sites import Plan, Planned, PlanPolicy, SecondsLeft, Site, Unserved, Why
from matcher.plan.solving import solve

__all__ = ["Plan", "PlanPolicy", "Planned", "SecondsLeft", "Site", "Unserved", "Why", "solve"]
