"""Travel times as a port: the streets of an imported map where there is one, else the crow's way, stretched."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol, Self

import numpy as np

from geo.distance import metres_from_each
from matcher.errors import UnknownMode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from geo.hull import Hull
    from geo.points import LonLat
    from geo.travel import Roads, RoadTimes


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


class WaryTravelTimes(TravelTimes, Protocol):
    """Travel times that can also tell who would have to pass a scene."""

    def clear_of(self, hull: Hull, keep_m: float) -> TravelTimes:
        """Return the times of ways that keep some metres away from a scene; infinity for those that would not."""
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
        self._hull: Hull | None = None
        self._keep_m = 0.0

    def clear_of(self, hull: Hull, keep_m: float) -> Self:
        """Return the same estimates, infinite where the straight line comes nearer to a hull than some metres.

        Somebody who stands too near already may leave.
        """
        wary = type(self).__new__(type(self))
        wary.__dict__.update(self.__dict__)
        wary._hull, wary._keep_m = hull, keep_m  # noqa: SLF001 - another one of these
        return wary

    def seconds(
        self, origins: Sequence[LonLat], modes: Sequence[str], destinations: Sequence[LonLat]
    ) -> NDArray[np.float64]:
        """Return estimated seconds from each origin with its mode (rows) to each destination (columns), WGS84.

        Raises
        ------
        UnknownMode
            When a mode has no speed.
        """
        lons, lats = _degrees(origins)
        try:
            pace = np.fromiter((self._seconds_per_metre[mode] for mode in modes), np.float64, len(origins))
        except KeyError as error:
            raise UnknownMode from error
        answer = np.ascontiguousarray((metres_from_each(destinations, lons, lats) * pace + self._get_going_s).T)
        if self._hull is not None and answer.size:
            answer[self._too_near(self._hull, (lons, lats), _degrees(destinations))] = np.inf
        return answer

    def _too_near(
        self,
        hull: Hull,
        origins: tuple[NDArray[np.float64], NDArray[np.float64]],
        destinations: tuple[NDArray[np.float64], NDArray[np.float64]],
    ) -> NDArray[np.bool_]:
        east, north = hull.plane(*origins)
        begin = (east[:, None], north[:, None])
        end = hull.plane(*destinations)
        leaving = (hull.metres(begin) < self._keep_m) & (hull.metres(end) >= self._keep_m)
        near: NDArray[np.bool_] = hull.metres_of_ways(begin, end) < self._keep_m
        return near & ~leaving

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


MIXED_NOTE: Final = (
    "Times follow the streets of the imported map; to and from places outside it they are straight-line estimates."
)


class RoadsOrCrow:
    """Times on the streets of a map where it covers both ends of a way, else the crow's estimate.

    It notes which of the two it used so far, so each act needs one of its own.
    """

    def __init__(self, roads: Roads, crow: CrowFlies) -> None:
        self._crow = crow
        self._roads = roads
        self._times: RoadTimes = roads.times()
        self._asked = {"roads": False, "crow": False}

    @property
    def note(self) -> str:
        """How the times asked for so far were found."""
        if self._asked["crow"]:
            return MIXED_NOTE if self._asked["roads"] else self._crow.note
        return self._roads.note

    def clear_of(self, hull: Hull, keep_m: float) -> RoadsOrCrow:
        """Return the times of ways that keep some metres away from a hull."""
        wary = RoadsOrCrow(self._roads, self._crow.clear_of(hull, keep_m))
        wary._times = self._roads.clear_of(hull, keep_m)
        return wary

    def seconds(
        self, origins: Sequence[LonLat], modes: Sequence[str], destinations: Sequence[LonLat]
    ) -> NDArray[np.float64]:
        """Return seconds from each origin with its mode (rows) to each destination (columns), WGS84.

        Raises
        ------
        UnknownMode
            When a mode has no speed.
        """
        answer = self._crow.seconds(origins, modes, destinations)
        spoken = np.array(modes)
        for mode in sorted(set(modes)):
            rows = np.flatnonzero(spoken == mode)
            here = self._times.covers([origins[row] for row in rows.tolist()], mode)
            there = self._times.covers(destinations, mode)
            both = here[:, None] & there[None, :]
            self._asked["roads"] |= bool(both.any())
            self._asked["crow"] |= not both.all()
            rows, columns = rows[here], np.flatnonzero(there)
            if rows.size and columns.size:
                answer[np.ix_(rows, columns)] = self._times.seconds(
                    [origins[row] for row in rows.tolist()],
                    [mode] * rows.size,
                    [destinations[column] for column in columns.tolist()],
                )
        return answer

    def lower_bound(self, metres: NDArray[np.float64], mode: str) -> NDArray[np.float64]:
        """Return seconds that neither a way on the streets nor the crow's estimate can beat.

        Raises
        ------
        UnknownMode
            When the mode has no speed.
        """
        return np.minimum(self._crow.lower_bound(metres, mode), self._times.lower_bound(metres, mode))


def _degrees(places: Sequence[LonLat]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lons = np.fromiter((place.lon for place in places), np.float64, len(places))
    lats = np.fromiter((place.lat for place in places), np.float64, len(places))
    return lons, lats
