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


class NoNetworkYet(NoSuchNetwork):
    """There is no network on this server yet; make one with: tandem network add SLUG --name NAME."""


class Refused(RecordsError):
    """The database refused this: it must never be."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class NotStorable(RecordsError):
    """A text or a number in this cannot be stored: it holds an invisible sign, or lies far out of range."""


class TryAgain(RecordsError):
    """Two people did this at the same moment; please try again."""


class DatabaseAway(RecordsError):
    """The database cannot be reached right now."""


class SchemaNewer(RecordsError):
    """This data was made by a newer Tandem: run that one again, or choose another database or folder."""


class ClusterMissing(RecordsError):
    """PostgreSQL with PostGIS is missing; please run: sudo apt-get install -y postgresql postgresql-postgis."""


class ClusterOfAnotherVersion(RecordsError):
    """The data folder was made by another version of PostgreSQL: install that one again, or choose another folder."""


class ClusterAlreadyRunning(RecordsError):
    """A database is already running on this data folder; stop the other one first, or choose another folder."""


class ClusterFailed(RecordsError):
    """The private database did not start; postgres.log in the data folder says why."""
