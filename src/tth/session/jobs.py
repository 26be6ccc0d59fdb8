"""Batch jobs: one turn each, by the same turn code without pacing, into a file.

Bounded: a few run at once, more wait, the oldest finished ones are forgotten together with their files.
Tests: tests/session/test_jobs.py.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tth.adapters.base import SessionContext
from tth.core.error_event import error_event
from tth.core.media_clock import MediaClock
from tth.errors import Conflict, InternalError, JobNotFound, LimitExceeded, TTHError
from tth.model.commands import UserText
from tth.model.events import ErrorEvent, ErrorScope, TurnMetrics, TurnOutcome
from tth.model.ids import JobId, new_job_id
from tth.model.media import MediaPreferences, VideoCodec, WordTiming
from tth.pipeline.file_sink import FileSink
from tth.pipeline.frame_encoder import FrameEncoder
from tth.pipeline.plan import Venue
from tth.pipeline.text_stage import GivenText
from tth.pipeline.turn_runner import TurnRunner
from tth.session.closing import close_all
from tth.session.engine import Engine
from tth.session.face import Face
from tth.session.order_rules import check_order
from tth.session.planning import TurnOrder, plan_turn

log = logging.getLogger(__name__)

MAX_WAITING = 100
"""Jobs that may wait for their turn; one more is refused."""
MAX_REMEMBERED = 200
"""Finished jobs kept, with their files."""
_CODECS = {".mp4": VideoCodec.H264, ".mov": VideoCodec.PNG, ".wav": VideoCodec.NONE}
"""What the pictures of a file are."""


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


@dataclass(slots=True)
class Job:
    """One file in the making."""

    job_id: JobId
    path: Path
    state: JobState = JobState.QUEUED
    text: str = ""
    """What was spoken; known when the job is over."""
    words: list[WordTiming] = field(default_factory=list)
    metrics: TurnMetrics | None = None
    error: ErrorEvent | None = None
    media_end_sample: int = 0
    size_bytes: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    runner: TurnRunner | None = None
    sink: FileSink | None = None


class Jobs:
    """All jobs of a server. `run` must be running for jobs to be worked on."""

    def __init__(self, engine: Engine, artifact_dir: Path, max_running: int) -> None:
        self._engine = engine
        self._artifact_dir = artifact_dir
        self._max_running = max_running
        self._jobs: dict[JobId, Job] = {}
        self._by_request: dict[str, JobId] = {}
        self._waiting: deque[tuple[Job, UserText]] = deque()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Work on jobs until cancelled; running ones are cancelled with it."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._max_running):
                group.create_task(self._work(), name=f"batch worker {number}")

    def submit(self, request_id: str, order: UserText, suffix: str) -> Job:
        """Take a job, or find the one that `request_id` made before.

        suffix: ".mp4", ".mov" or ".wav". Raises InvalidRequest, Conflict or LimitExceeded; nothing is queued then.
        """
        known = self._by_request.get(request_id)
        if request_id and known in self._jobs:
            return self._jobs[known]
        self._check(order)
        if len(self._waiting) >= MAX_WAITING:
            raise LimitExceeded(
                f"{MAX_WAITING} jobs are waiting, the limit", "CAPACITY", retryable=True, retry_after_ms=5000
            )
        job_id = new_job_id()
        job = Job(job_id, self._artifact_dir.absolute() / f"{job_id}{suffix}")
        self._waiting.append((job, order))
        self._changed.set()
        self._jobs[job_id] = job
        if request_id:
            self._by_request[request_id] = job_id
        self._forget_oldest()
        return job

    def get(self, job_id: str) -> Job:
        """Raises JobNotFound for an id that is unknown or forgotten."""
        job = self._jobs.get(JobId(job_id))
        if job is None:
            raise JobNotFound("job_id: no such job; it may have been forgotten")
        return job

    def cancel(self, job_id: str) -> Job:
        """Stop a job; one that is over stays as it is. Raises JobNotFound."""
        job = self.get(job_id)
        if job.state is JobState.QUEUED:
            self._waiting = deque(waiting for waiting in self._waiting if waiting[0] is not job)
            self._over(job, JobState.CANCELLED)
        elif job.runner is not None:
            job.runner.stop(TurnOutcome.CANCELLED, self._engine.clock.now_s())
        return job

    def _check(self, order: UserText) -> None:
        if order.partial:
            raise Conflict("user_text.partial: a batch takes the whole text at once", "PARTIAL_IN_BATCH")
        check_order(order, self._engine)

    async def _work(self) -> None:
        while True:
            while not self._waiting:
                self._changed.clear()
                await self._changed.wait()
            # A task for each job: a turn that fails or is stopped leaves marks of cancellation on its task (asyncio
            # of Python 3.11), with which this one would stop working or refuse to end.
            async with asyncio.TaskGroup() as group:
                group.create_task(self._try(*self._waiting.popleft()), name="job")

    async def _try(self, job: Job, order: UserText) -> None:
        """One job, whatever becomes of it: what breaks here costs the other jobs nothing."""
        try:
            await self._make(job, order)
        except TTHError as error:
            job.error = error_event(error, ErrorScope.TURN)
            self._over(job, JobState.FAILED)
        except Exception:
            incident = InternalError()
            log.exception("job failed", extra={"job": job.job_id, "incident": incident.metadata["incident"]})
            job.error = error_event(incident, ErrorScope.TURN)
            self._over(job, JobState.FAILED)
        finally:
            if not job.state.is_over:
                self._over(job, JobState.CANCELLED)

    async def _make(self, job: Job, order: UserText) -> None:
        engine = self._engine
        codec = VideoCodec.NONE if engine.adapters.avatar is None else _CODECS[job.path.suffix]
        media = MediaPreferences(video_codec=codec)
        decided = engine.control_layers(order.controls, media).now()
        language = order.language_code or engine.default_language
        context = SessionContext(job.job_id, language)
        turn_order = TurnOrder(job.job_id, "t_1", 1, order.mode, language, media, engine.clock.now_s(), live=False)
        plan = plan_turn(engine, turn_order, decided, ())
        self._artifact_dir.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as closing:
            job.sink = FileSink(job.path, decided.controls)
            closing.callback(job.sink.close)
            encoder = FrameEncoder(codec, engine.encode_offload)
            closing.callback(encoder.close)
            speech = engine.open_speech(context)
            closing.push_async_callback(close_all, [speech])
            face = Face(engine.adapters.avatar if codec is not VideoCodec.NONE else None, context, draw=True)
            closing.push_async_callback(close_all, [face])
            venue = Venue(job.sink, engine.clock, MediaClock(), encoder, engine.budgets, moderator=engine.moderator)
            sessions = speech.with_avatar(face.of(decided.persona))
            job.runner = TurnRunner(plan, sessions, venue, GivenText(order.text, is_complete=True))
            job.state = JobState.RUNNING
            await job.runner.run()
        self._finish(job)

    def _finish(self, job: Job) -> None:
        assert job.runner is not None
        assert job.sink is not None
        result = job.runner.result
        assert result is not None
        job.text, job.words = result.text, job.sink.words
        job.metrics, job.error = job.sink.metrics, job.sink.error
        job.media_end_sample = job.sink.media_end_sample
        if result.outcome is TurnOutcome.COMPLETED:
            job.size_bytes = job.path.stat().st_size
            self._over(job, JobState.SUCCEEDED)
        elif result.outcome is TurnOutcome.CANCELLED:
            self._over(job, JobState.CANCELLED)
        else:
            self._over(job, JobState.FAILED)

    def _over(self, job: Job, state: JobState) -> None:
        job.state = state
        job.runner = job.sink = None
        job.over.set()

    def _forget_oldest(self) -> None:
        over = [job for job in self._jobs.values() if job.state.is_over]
        for job in over[: max(0, len(over) - MAX_REMEMBERED)]:
            del self._jobs[job.job_id]
            job.path.unlink(missing_ok=True)
        self._by_request = {request: job for request, job in self._by_request.items() if job in self._jobs}
