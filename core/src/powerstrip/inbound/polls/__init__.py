"""Looking for events where a provider sends none."""

from powerstrip.inbound.polls.polls import MAX_SECONDS, MIN_SECONDS, Polls
from powerstrip.inbound.polls.values import PollView

__all__ = ["MAX_SECONDS", "MIN_SECONDS", "PollView", "Polls"]
