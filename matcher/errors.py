"""What can be wrong with the numbers and lists given to the matcher, as sentences."""

from __future__ import annotations


class MatcherError(ValueError):
    """The matcher cannot work with this."""


class StandOffTooSmall(MatcherError):
    """The stand-off distance may be larger than 50 metres, never smaller."""


class MeetingRingTooNear(MatcherError):
    """The meeting ring must begin at least 150 metres out, outside the stand-off, and be at least 300 metres wide."""


class RestTooShort(MatcherError):
    """Rest may be longer than 8 hours, and the pause after a hard dispatch longer than 24 hours, never shorter."""


class NobodyMayBeAsked(MatcherError):
    """Everybody may be asked at least once a day, or nobody ever goes."""


class TooManyDispatchesInAShift(MatcherError):
    """A person may go out once or twice in a shift, never more often."""


class PlaceKeptTooLong(MatcherError):
    """A responder's place may count for less than 15 minutes, never for longer."""


class SceneCapOutOfRange(MatcherError):
    """Between one and nine pairs may be at one incident."""


class WaveNumbersOutOfRange(MatcherError):
    """A wave needs a chance between 0 and 1, a window of 10 to 600 seconds and at least one round."""


class CostTermNegative(MatcherError):
    """Every term of the cost must be a number of minutes that is not negative."""


class PaceOutOfRange(MatcherError):
    """Speeds must be honest: on foot at most 1.8, by bicycle 6 and by car 15 metres a second, the detour at least 1."""


class UnknownMode(MatcherError):
    """There is no speed for this way of travelling."""


class TimesOutOfRange(MatcherError):
    """The arrival limit and the time a dispatch may be held must be between one minute and two hours."""


class NoMeetingPoint(MatcherError):
    """There is no safe meeting point around this incident yet."""


class PersonTwiceInRoster(MatcherError):
    """A person stands twice in this roster."""


class SnapshotOutOfDate(MatcherError):
    """This picture of where people are is out of date."""


class PlanNumbersOutOfRange(MatcherError):
    """Prices of a plan are whole minutes up to 480, priorities 1 to 9, and every incident wants at least one pair."""


class IncidentTwiceInPlan(MatcherError):
    """An incident stands twice in this plan."""
