"""The dashboard in a browser, on this machine: one page, a login by API key, a process for each tab."""

from powerstrip_tui.web.server import Web, serve_web

__all__ = ["Web", "serve_web"]
