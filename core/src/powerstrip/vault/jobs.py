"""The rotation of data keys as one job in the background, of one project or of all, with its progress."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from powerstrip.problems import Conflict, Problem
from powerstrip.store import Actor
from powerstrip.vault.data_rotation import DataRotation
from powerstrip.vault.master import MasterKeyError

Step: TypeAlias = Literal["rotate", "finalise", "roll_back"]


@dataclass
class Job:
    """What the job does, how far it is, and how it ended. `broken` names rows that do not open."""

    step: Step
    projects: int
    state: Literal["running", "done", "failed"] = "running"
    projects_done: int = 0
    looked_at: int = 0
    sealed_anew: int = 0
    broken: list[str] = field(default_factory=list[str])
    error: str | None = None


class RotationJobs:
    """At most one job at a time. What it has done is in the rows: after a crash the same step goes on."""

    def __init__(self, rotation: DataRotation) -> None:
        self._rotation = rotation
        self._task: asyncio.Task[None] | None = None
        self._job: Job | None = None
        self._project = ""

    @property
    def job(self) -> Job | None:
        """The job that runs, or the last one."""
        job = self._job
        now = self._rotation.progress(self._project) if job is not None and job.state == "running" else None
        if job is None or now is None:
            return job
        seen = Job(**vars(job))
        seen.looked_at, seen.sealed_anew = job.looked_at + now.looked_at, job.sealed_anew + now.sealed_anew
        return seen

    async def start(self, step: Step, projects: Sequence[str] | None, actor: Actor) -> Job:
        """Begin a step for these projects; for all, and the hub's own key, with None. Raises `Conflict` where a job runs."""
        if self._job is not None and self._job.state == "running":
            raise Conflict("Data keys are rotating already: see keys status", code="rotation_running")
        self._job = job = Job(step, 0)
        try:
            wanted = list(projects) if projects is not None else await self._all(step)
        except BaseException:
            self._job = None
            raise
        job.projects = len(wanted)
        self._task = asyncio.create_task(self._run(job, wanted, actor), name="rotate-data")
        return job

    async def close(self) -> None:
        """Stop after the batch that is on its way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _all(self, step: Step) -> list[str]:
        """Every project; for the steps that end a rotation, those where one is on."""
        found = await self._rotation.projects()
        if step == "rotate":
            return found
        rotating = [project for project in found if (await self._rotation.status(project)).previous is not None]
        if not rotating:
            raise Conflict("No rotation of a data key is on", code="not_rotating")
        return rotating

    async def _run(self, job: Job, projects: list[str], actor: Actor) -> None:
        try:
            for self._project in projects:
                await self._one(job, self._project, actor)
                job.projects_done += 1
            job.state = "done"
        except Problem as problem:
            job.state, job.error = "failed", problem.message
        except MasterKeyError as error:
            job.state, job.error = "failed", str(error)
        finally:
            if job.state == "running":
                job.state, job.error = "failed", "It was stopped: begin it again, and it goes on"

    async def _one(self, job: Job, project: str, actor: Actor) -> None:
        if job.step == "finalise":
            await self._rotation.finalise(project, actor)
            return
        turn = self._rotation.rotate if job.step == "rotate" else self._rotation.roll_back
        done = await turn(project, actor)
        job.looked_at += done.looked_at
        job.sealed_anew += done.sealed_anew
        job.broken += done.broken
