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


class NotAKeyForBackups(RecordsError):
    """This is no key for backups; make a pair with: tandem backup-key FILE."""


class FileThere(RecordsError):
    """There is a file of this name already; a backup overwrites nothing."""


class NotABackup(RecordsError):
    """This is no whole backup of Tandem, or it was sealed to another key."""


class BackupFailed(RecordsError):
    """The database's own tools could not read everything, so there is no backup; the server's log says why."""


class RestoreFailed(RecordsError):
    """The database took nothing of this backup: it may come from a newer PostgreSQL, or the server is not prepared."""


class ServerToolsMissing(RecordsError):
    """The database's own tools pg_dump and psql are missing; please run: sudo apt-get install -y postgresql-client."""


class DatabaseHoldsSomething(RecordsError):
    """This database holds something already; a backup is restored into an empty one only."""


class ClusterMissing(RecordsError):
    """PostgreSQL with PostGIS is missing; please run: sudo apt-get install -y postgresql postgresql-postgis."""


class ClusterOfAnotherVersion(RecordsError):
    """The data folder was made by another version of PostgreSQL: install that one again, or choose another folder."""


class ClusterAlreadyRunning(RecordsError):
    """A database is already running on this data folder; stop the other one first, or choose another folder."""


class ClusterFailed(RecordsError):
    """The private database did not start; postgres.log in the data folder says why."""
