"""Server settings that could lose an acknowledged write or spill what people wrote, told as sentences."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from records.errors import DatabaseAway, UnsafeDatabase

_MUST_BE_ON = ("fsync", "full_page_writes")
_LOCAL_ONLY = {"local", "remote_write"}

QUIET = {
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    # An error's message repeats the value that could not be read; what the server says of itself ranks above it.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_connections": "off",
    "log_disconnections": "off",
}
"""What keeps people's words, places and parameters out of the server's own log."""
_AS_QUIET = {"log_min_messages": ("fatal", "panic")}

_ASKED = (*_MUST_BE_ON, "synchronous_commit", "synchronous_standby_names", "data_checksums", *QUIET)


def durability_faults(settings: Mapping[str, str], *, own: bool = False) -> list[str]:
    """Return one sentence for each setting that could lose a write somebody was told is kept.

    Parameters
    ----------
    settings
        Server settings as `SHOW` prints them; a missing one counts as wrong.
    own
        True for a cluster that Tandem made itself: that one must have page checksums, too.
    """
    faults = [
        f"The database runs with {name} off: a power cut could lose a report that was acknowledged."
        for name in _MUST_BE_ON
        if settings.get(name) != "on"
    ]
    commit = settings.get("synchronous_commit", "off")
    if commit == "off":
        faults.append(
            "The database runs with synchronous_commit off: a crash could lose a report that was acknowledged."
        )
    elif commit in _LOCAL_ONLY and settings.get("synchronous_standby_names"):
        faults.append("The database names standbys but does not wait until they have kept a report.")
    if own and settings.get("data_checksums") != "on":
        faults.append("The database was made without page checksums: a failing disk would go unnoticed.")
    return faults


def logging_faults(settings: Mapping[str, str]) -> list[str]:
    """Return one sentence for each setting that could write what people sent into the server's log."""
    return [
        f"The database's log could hold what people wrote: set {name} to {wanted}."
        for name, wanted in QUIET.items()
        if settings.get(name) not in (wanted, *_AS_QUIET.get(name, ()))
    ]


def settings_of(url: str) -> dict[str, str]:
    """Return the settings this module judges, as the connection behind a SQLAlchemy URL really has them.

    Raises
    ------
    DatabaseAway
        Nothing answers there.
    """
    try:
        with psycopg.connect(
            url.replace("postgresql+psycopg://", "postgresql://", 1), connect_timeout=10
        ) as connection:
            rows = connection.execute(
                "SELECT name, current_setting(name) FROM unnest(%s::text[]) AS asked(name)", (list(_ASKED),)
            ).fetchall()
    except psycopg.OperationalError as error:
        raise DatabaseAway from error
    return dict(rows)


def refuse_unsafe(url: str, *, own: bool = False) -> list[str]:
    """Refuse a server that could lose an acknowledged write; return what should be changed about its logging.

    Raises
    ------
    UnsafeDatabase
        Its arguments are the sentences.
    DatabaseAway
        Nothing answers there.
    """
    settings = settings_of(url)
    faults = durability_faults(settings, own=own)
    if faults:
        raise UnsafeDatabase(*faults)
    return logging_faults(settings)
