"""What a connect session's row says, and the one transaction that uses it up."""

from sqlmodel import Session, col, update

from powerstrip.clock import stamp
from powerstrip.connect.consent.values import digest
from powerstrip.problems import NotFound
from powerstrip.store import ConnectSession, Principal

OVER = "This link is not known here, was used or taken back, or is over. Ask who sent it for another"


def over() -> NotFound:
    """The one refusal of a link, whatever is wrong with it."""
    return NotFound(OVER, code="session_over")


def state_of(row: ConnectSession) -> str:
    """`open`, `used`, `revoked` or `expired`."""
    return "expired" if row.status == "open" and row.expires_at <= stamp() else row.status


def is_good(session: Session, row: ConnectSession) -> bool:
    """The link is open, and who made it may still act."""
    maker = session.get(Principal, row.created_by) if row.created_by else None
    return state_of(row) == "open" and (maker is None or maker.state == "active")


def is_same_browser(session: Session, session_id: str, browser: str | None) -> bool:
    """The link is good, and this is the browser that began the consent."""
    row = session.get(ConnectSession, session_id)
    return row is not None and is_good(session, row) and browser is not None and row.browser_hash == digest(browser)


def use_link(session: Session, id: str, integration_id: str) -> str | None:
    """Use a link up, in the transaction that stores the integration; gives the id of who made the link.

    Raises `NotFound` where it is over by now.
    """
    row = session.get(ConnectSession, id)
    if row is None or not is_good(session, row):
        raise over()
    done = session.connection().execute(
        update(ConnectSession)
        .where(col(ConnectSession.id) == id, col(ConnectSession.status) == "open")
        .values(status="used", integration_id=integration_id, finished_at=stamp())
    )
    if done.rowcount != 1:
        raise over()
    return row.created_by
