"""What can be wrong with a place, as sentences."""


class GeoError(ValueError):
    """Something about this place cannot be used."""


class PlaceOutOfRange(GeoError):
    """The coordinates must be a longitude from -180 to 180 and a latitude from -90 to 90, in degrees."""


class NotACell(GeoError):
    """This is not an H3 cell."""


class NotAResolution(GeoError):
    """The resolution must be a whole number from 0 to 15."""


class TooFarForCells(GeoError):
    """This distance is too far to be searched cell by cell."""


class PolicyUnsound(GeoError):
    """These clustering numbers cannot be used: one is not positive, or the reach goes beyond the cells searched."""


class UnknownFrame(GeoError):
    """The coordinate reference system is not known."""


class TooFewToShow(GeoError):
    """The smallest count that may be shown cannot be set below five incidents and three reporters."""


class NotASightingFile(GeoError):
    """This file is not a CSV, GeoJSON or GeoParquet file of sightings."""


class FileTooLarge(GeoError):
    """This file is larger than an import may be."""


class ColumnMissing(GeoError):
    """The file lacks a column that every sighting needs: kind, a place, observed_at."""


class NotARegionFile(GeoError):
    """This file is not an OpenStreetMap extract (.osm.pbf or .osm) that can be read."""


class NoStreetsInRegion(GeoError):
    """The extract holds no streets that anybody may use, so there is nothing to take in."""


class UnknownTravelMode(GeoError):
    """The mode of travel must be foot, bicycle or car."""
