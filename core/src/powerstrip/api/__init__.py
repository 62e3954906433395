"""The front door: `/v1`, its permissions and errors, and the hub put together."""

from powerstrip.api.hub import Hub

__all__ = ["Hub"]
