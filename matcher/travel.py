"""Travel times as a port, and the honest fallback when no streets are known: the crow's way, stretched."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import numpy as np

from geo.distance import metres_from
from matcher.errors import UnknownMode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.points import LonLat


class TravelTimes(Protocol):
    """What the matcher asks of whoever knows the streets."""

    @property
    def note(self) -> str:
        """How the times were found, as one sentence for the dispatcher."""
        ...

    def seconds(
        self, origins: Sequence[LonLat], modes: Sequence[str], destinations: Sequence[LonLat]
    ) -> NDArray[np.float64]:
        """Return seconds, getting going included, from each origin (row, with its mode) to each destination (column).

        Places are WGS84; infinity where there is no way.
        """
        ...

    def lower_bound(self, metres: NDArray[np.float64], mode: str) -> NDArray[np.float64]:
        """Return seconds that no journey over these great-circle metres can beat, getting going included."""
        ...


class CrowFlies:
    """Great-circle metres times a detour at one honest speed per mode, after the time it takes to get going.

    Parameters
    ----------
    speeds_m_s
        Metres a second for each mode.
    detour
        How much longer streets are than the straight line.
    get_going
        From the yes to the first step.
    """

    note = "No street map is loaded here: times are straight-line estimates, stretched for detours."

    def __init__(
        self, speeds_m_s: Mapping[str, float], *, detour: float = 1.3, get_going: timedelta = timedelta(seconds=90)
    ) -> None:
        self._seconds_per_metre = {mode: detour / speed for mode, speed in speeds_m_s.items()}
        self._get_going_s = get_going.total_seconds()

    def seconds(
        self, origins: Sequence[LonLat], modes: Sequence[str], destinations: Sequence[LonLat]
    ) -> NDArray[np.float64]:
        """Return estimated seconds from each origin with its mode (rows) to each destination (columns), WGS84.

        Raises
        ------
        UnknownMode
            When a mode has no speed.
        """
        lons = np.fromiter((origin.lon for origin in origins), np.float64, len(origins))
        lats = np.fromiter((origin.lat for origin in origins), np.float64, len(origins))
        try:
            pace = np.fromiter((self._seconds_per_metre[mode] for mode in modes), np.float64, len(origins))
        except KeyError as error:
            raise UnknownMode from error
        answer = np.empty((len(origins), len(destinations)))
        for column, destination in enumerate(destinations):
            answer[:, column] = metres_from(destination, lons, lats) * pace + self._get_going_s
        return answer

    def lower_bound(self, metres: NDArray[np.float64], mode: str) -> NDArray[np.float64]:
        """Return the estimate itself, which is its own lower bound; seconds for great-circle metres.

        Raises
        ------
        UnknownMode
            When the mode has no speed.
        """
        if mode not in self._seconds_per_metre:
            raise UnknownMode
        bound: NDArray[np.float64] = metres * self._seconds_per_metre[mode] + self._get_going_s
        return bound
