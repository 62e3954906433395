"""Durable runs: the engine's ports, and the journal in the hub's own store."""

from powerstrip.automations.engine.ports import (
    MAX_OUTPUT,
    Choice,
    Engine,
    Mode,
    NewRun,
    Outcome,
    Pending,
    Started,
    StepCall,
    StepExecutor,
)

__all__ = [
    "MAX_OUTPUT",
    "Choice",
    "Engine",
    "Mode",
    "NewRun",
    "Outcome",
    "Pending",
    "Started",
    "StepCall",
    "StepExecutor",
]
