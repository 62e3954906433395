"""What a database failure means, without its statement, its parameters or the values it complains about."""

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from powerstrip.problems import BadInput, Conflict, Problem, StoreUnavailable

_REASONS = {
    # SQLite result codes, https://www.sqlite.org/rescode.html
    "SQLITE_FULL": ("The disk is full: make room", 30.0),
    "SQLITE_READONLY": ("The database file cannot be written: check its owner, its mode and the file system", 30.0),
    "SQLITE_BUSY": ("Another process holds the database: stop it", 2.0),
    "SQLITE_CANTOPEN": ("The database file cannot be opened: check the data folder's owner, mode and file system", 30.0),
    "SQLITE_IOERR": ("The disk fails to read or write: look into the system's log", 30.0),
    "SQLITE_CORRUPT": ("The database file is damaged: restore a backup", 60.0),
    "SQLITE_NOTADB": ("The database file is none: restore a backup", 60.0),
    # PostgreSQL classes and codes, https://www.postgresql.org/docs/current/errcodes-appendix.html
    "53100": ("The database's disk is full: make room", 30.0),
    "53": ("The database is out of resources", 5.0),
    "57": ("The database is starting, stopping or not waiting longer", 2.0),
    "55": ("Another process holds what this needs in the database", 2.0),
    "40": ("The database undid it in favour of another transaction", 1.0),
    "25006": ("The database is read-only: name its primary server", 30.0),
    "08": ("The connection to the database is lost", 2.0),
}


class CommitUnknown(StoreUnavailable):
    """The connection was lost while the database committed: it may or may not be done. Look before repeating."""

    code = "commit_unknown"

    def __init__(self) -> None:
        message = "The database went away while it saved: it may or may not be done. Look before you repeat"
        super().__init__(message, retry_after=2)


def wrapped(connection: Connection, error: Exception) -> DBAPIError:
    """A bare driver's error as SQLAlchemy would raise it. A connection it shows as lost is given up."""
    dialect = connection.dialect
    base = dialect.loaded_dbapi.Error
    lost = not connection.invalidated and dialect.is_disconnect(error, connection.connection.driver_connection, None)  # pyright: ignore[reportArgumentType] - sqlite3 and psycopg need no more
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(None, None, error, base, hide_parameters=True, connection_invalidated=lost, dialect=dialect)  # pyright: ignore[reportReturnType] - `error` is a driver's error


def is_lost(error: BaseException) -> bool:
    """True where the connection is gone and with it the transaction."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def as_problem(error: DBAPIError) -> Problem:
    """The failure as the hub's callers are told."""
    if isinstance(error, IntegrityError):
        return Conflict("It collides with something that exists already, or belongs to something that is gone")
    if isinstance(error, DataError):
        return BadInput("A value is of a kind or size that the database does not keep")
    reason, wait = _reason(error)
    return StoreUnavailable(f"{reason}. Nothing was changed", retry_after=wait)


def _reason(error: DBAPIError) -> tuple[str, float]:
    cause = error.orig
    name: str = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    main = "_".join(name.split("_")[:2])  # SQLITE_IOERR_WRITE and its kin, by their main code
    for key in (name, main, name[:2]):
        if key in _REASONS:
            return _REASONS[key]
    if error.connection_invalidated or not name:
        return "The database does not answer: see that it runs, and that POWERSTRIP_DATABASE_URL names it", 2.0
    return f"The database did not do it ({name})", 1.0
