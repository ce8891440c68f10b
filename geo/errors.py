"""What can be wrong with a place, as sentences."""


class GeoError(ValueError):
    """Something about this place cannot be used."""


class PlaceOutOfRange(GeoError):
    """The coordinates must be a longitude from -180 to 180 and a latitude from -90 to 90, in degrees."""


class NotACell(GeoError):
    """This is not an H3 cell."""


class NotAResolution(GeoError):
    """The resolution must be a whole number from 0 to 15."""
