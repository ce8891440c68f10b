"""What can be wrong with what we remember, as sentences."""


class RecordsError(Exception):
    """Something about the records stands in the way."""


class NoSuchRecord(RecordsError):
    """There is nothing here under that id."""


class NotAnId(RecordsError):
    """This is not an id of ours."""


class UnsafeDatabase(RecordsError):
    """The database is set up so that it could lose a report that was acknowledged."""


class NoSuchNetwork(RecordsError):
    """There is no network of that name here."""
