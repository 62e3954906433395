"""Workers: jobs under leases, the socket they are given out over, and the steps of runs that are jobs."""

from powerstrip.automations.workers.conversation import Closed, Conversation, Line
from powerstrip.automations.workers.executor import WorkerExecutor
from powerstrip.automations.workers.sessions import SessionView
from powerstrip.automations.workers.values import EndListener
from powerstrip.automations.workers.workers import Workers

__all__ = ["Closed", "Conversation", "EndListener", "Line", "SessionView", "WorkerExecutor", "Workers"]
