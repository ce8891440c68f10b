"""What can be turned on a generated stream."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """The shape of one stream; the defaults are an ordinary long weekend of a large city.

    Attributes
    ----------
    seed
        Everything is drawn from this one number.
    days, real_a_day, false_a_day
        How long the stream runs, and how many incidents it tells of.
    crowding
        How many incidents share a quarter: 2 puts the same incidents on half the ground.
    stated_m, stated_shares
        The accuracies that witnesses' devices state, and how often each.
    error_scale
        How much farther off pins are than their stated accuracy (as a standard deviation each way) says.
    far_off
        Share of pins that are three times as far off as the others.
    spread_s
        Mean seconds between the first witness and any other one.
    more_witnesses
        Chance that one more witness follows; 0.62 gives 2.6 witnesses on average.
    disagree
        Share of witnesses who give another activity than what happened.
    anything
        Share of those who give just any other activity; the others give one that theirs is taken for.
    unsaid
        Share of witnesses who give no activity at all.
    describe, plate, misread, other_color
        Share of witnesses who describe the vehicle, of those who also read its plate, of plates misread by one
        character, and of descriptions with another colour.
    moving
        Share of real incidents whose vehicles move on, at `moving_mps`, while witnesses tell of them.
    echoes
        Mean number of repetitions of a real incident that somebody reported.
    floods, flood_pins
        Number of floods by unvouched accounts, and the most pins one has.
    flood_on_real
        Share of floods that are laid beside a real incident.
    vouched
        Share of witnesses whom somebody vouched for.
    """

    seed: int
    days: float = 3.0
    real_a_day: float = 100.0
    false_a_day: float = 150.0
    crowding: float = 1.0
    stated_m: tuple[int, ...] = (45, 180, 700)
    stated_shares: tuple[float, ...] = (0.78, 0.17, 0.05)
    error_scale: float = 1.0
    far_off: float = 0.0
    spread_s: float = 850.0
    more_witnesses: float = 0.62
    disagree: float = 0.0
    anything: float = 0.5
    unsaid: float = 0.0
    describe: float = 0.6
    plate: float = 0.37
    misread: float = 0.02
    other_color: float = 0.2
    moving: float = 0.0
    moving_mps: float = 6.0
    echoes: float = 0.6
    floods: int = 12
    flood_pins: int = 80
    flood_on_real: float = 0.0
    vouched: float = 0.55
