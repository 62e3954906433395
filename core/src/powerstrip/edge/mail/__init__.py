"""The other way out: mail servers. SMTP and IMAP by Python's own clients, over connections that the edge opens and guards."""

from powerstrip.edge.mail.places import bound_to_server, places_of
from powerstrip.edge.mail.transport import MailTransport

__all__ = ["MailTransport", "bound_to_server", "places_of"]
