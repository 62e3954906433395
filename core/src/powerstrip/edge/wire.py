"""How a request looks on the wire: the same for sending it and for showing what would have been sent."""

from powerstrip.adapter import Content, Request

USER_AGENT = "powerstrip/1"


def wire_headers(request: Request) -> list[tuple[str, str]]:
    """The request's headers and the edge's own. The transport adds only Host, and Content-Length of a short body."""
    names = {name.lower() for name, _ in request.headers}
    headers = list(request.headers)
    if "user-agent" not in names:
        headers.append(("User-Agent", USER_AGENT))
    if "accept" not in names:
        headers.append(("Accept", "*/*" if request.returns is None else "application/json"))
    headers.append(("Accept-Encoding", "identity" if request.stream else "gzip, deflate"))
    if isinstance(request.body, Content) or request.body:
        size = request.body.size if isinstance(request.body, Content) else len(request.body)
        headers.append(("Content-Length", str(size)))
    return headers
