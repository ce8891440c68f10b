"""What can be wrong with zones and zone files, as sentences."""


class ZonesError(ValueError):
    """Something about these zones cannot be used."""


class TwoZonesWithOneId(ZonesError):
    """Two zones of one set carry the same id."""


class ZoneNotFound(ZonesError):
    """There is no such zone."""


class GroundTooWide(ZonesError):
    """These zones are too wide to be looked at cell by cell."""


class ZoneFileError(ZonesError):
    """This zone file cannot be read."""


class UnknownZoneFormat(ZoneFileError):
    """This is not GeoJSON, a shapefile (.shp or zipped) or a GeoPackage."""


class ZoneFileTooLarge(ZoneFileError):
    """The file is larger than what may be taken in; split it or leave out what is not a zone."""


class TooManyZones(ZoneFileError):
    """The file holds more features or more corners than may be taken in; split it or simplify it."""


class BrokenGeoJson(ZoneFileError):
    """The file begins like GeoJSON but is not well formed: a FeatureCollection, a Feature or an area is expected."""


class BrokenArchive(ZoneFileError):
    """The zip file is damaged, locked with a password, or unpacks to more than may be taken in."""


class UnsafeArchive(ZoneFileError):
    """The zip file holds names that point outside of it, or links; pack the shapefile again by itself."""


class NoShapefileInside(ZoneFileError):
    """The zip file holds no shapefile."""


class SeveralLayers(ZoneFileError):
    """The file holds several layers of areas; save the one you mean in a file of its own."""


class IncompleteShapefile(ZoneFileError):
    """A shapefile comes in parts: .shp and .shx are both needed, .dbf brings the names and .prj the coordinates."""


class UnreadableLayer(ZoneFileError):
    """The file looks like a shapefile or GeoPackage but its content is damaged."""


class ProgramsInside(ZoneFileError):
    """The GeoPackage holds views, triggers or computed columns, which are programs; save its areas as a plain layer."""


class UnknownCoordinates(ZoneFileError):
    """The coordinate reference system that the file names is not known."""


class NoSuchNameField(ZoneFileError):
    """No feature of the file has a field of that name."""
