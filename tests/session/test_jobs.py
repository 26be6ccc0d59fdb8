"""Batch jobs on virtual time: order, bounds, and what a broken one costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.session.scene import engine, voice
from tth.adapters.registry import Adapters
from tth.errors import AdapterUnavailable, Conflict, InvalidRequest, JobNotFound, LimitExceeded
from tth.model.commands import UserText
from tth.model.events import TextMode
from tth.session import jobs as jobs_module
from tth.session.jobs import MAX_WAITING, Jobs, JobState
from tth.testing.scripted import ScriptedAvatar, ScriptedVoice, every, fail, hang, tone, wait
from tth.testing.virtual_time import run_virtual

pytestmark = pytest.mark.pipeline

SAID = UserText("Hello.", TextMode.SAY)


@asynccontextmanager
async def working(
    path: Path, adapters: Adapters | None = None, max_running: int = 1, **more: Any
) -> AsyncIterator[Jobs]:
    """Jobs that are being worked on."""
    jobs = Jobs(engine(adapters, **more), path, max_running)
    running = asyncio.create_task(jobs.run())
    try:
        yield jobs
    finally:
        running.cancel()
        await asyncio.wait([running])


def names_in(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_a_job_makes_its_file(tmp_path: Path) -> None:
    """Queued, then done, with text, metrics and size; the adapters' sessions are closed again."""
    speaker, face = voice(), ScriptedAvatar()

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=speaker, avatar=face)) as jobs:
            job = jobs.submit("", SAID, ".mp4")
            states = [job.state]
            await job.over.wait()
            assert [*states, job.state] == [JobState.QUEUED, JobState.SUCCEEDED]
            assert job.text == "Hello."
            assert job.metrics is not None
            assert job.metrics.video_frame_count > 0
            assert job.media_end_sample > 0
            assert names_in(tmp_path) == [job.path.name]

    run_virtual(main())
    assert speaker.player.open_sessions == face.player.open_sessions == 0


def test_one_after_the_other(tmp_path: Path) -> None:
    """No more at once than there are workers, in the order of asking."""
    slow = ScriptedVoice([wait(1000), *every(0, tone(100))], repeat=True)

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=slow), max_running=2) as jobs:
            made = [jobs.submit("", SAID, ".wav") for _ in range(4)]
            await asyncio.sleep(0.5)
            assert [job.state for job in made] == [JobState.RUNNING] * 2 + [JobState.QUEUED] * 2
            await asyncio.sleep(1)
            assert [job.state for job in made] == [JobState.SUCCEEDED] * 2 + [JobState.RUNNING] * 2
            await made[3].over.wait()

    run_virtual(main())


def test_waiting_jobs_are_bounded_and_cancelling_makes_room(tmp_path: Path) -> None:
    """One too many is refused with the time to wait; one cancelled while it waits gives its place back."""

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=voice([hang()]))) as jobs:
            first = jobs.submit("", SAID, ".wav")
            await asyncio.sleep(0.1)  # of virtual time: a worker has taken it
            waiting = [jobs.submit("", SAID, ".wav") for _ in range(MAX_WAITING)]
            with pytest.raises(LimitExceeded) as full:
                jobs.submit("", SAID, ".wav")
            assert full.value.retry_after_ms
            jobs.cancel(waiting[50].job_id)
            jobs.submit("", SAID, ".wav")
            jobs.cancel(first.job_id)
            await first.over.wait()
            assert first.state is JobState.CANCELLED

    run_virtual(main())


def test_a_failure_fails_one_job(tmp_path: Path) -> None:
    """An adapter's error is told, a bug is an incident, and the next job is worked on."""
    speaker = voice(
        [fail(AdapterUnavailable("gone"))], [fail(ValueError("SECRETWORD"))], [*every(0, tone(100), tone(100))]
    )

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=speaker)) as jobs:
            made = [jobs.submit("", SAID, ".wav") for _ in range(3)]
            await made[2].over.wait()
            assert [job.state for job in made] == [JobState.FAILED, JobState.FAILED, JobState.SUCCEEDED]
            reasons = [job.error.reason if job.error else "" for job in made]
            assert reasons == ["ADAPTER_UNAVAILABLE", "INTERNAL", ""]
            assert "SECRETWORD" not in str(made[1].error)
            assert names_in(tmp_path) == [made[2].path.name]

    run_virtual(main())


def test_a_worker_outlives_failed_and_cancelled_jobs(tmp_path: Path) -> None:
    """One that failed, then one that is cancelled while it runs, then one that is made, all by the same worker."""
    speaker = voice([fail(AdapterUnavailable("gone"))], [hang()], [*every(0, tone(100))])

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=speaker)) as jobs:
            failed, stopped, made = (jobs.submit("", SAID, ".wav") for _ in range(3))
            await failed.over.wait()
            await asyncio.sleep(0.1)
            jobs.cancel(stopped.job_id)
            await made.over.wait()
            states = [job.state for job in (failed, stopped, made)]
            assert states == [JobState.FAILED, JobState.CANCELLED, JobState.SUCCEEDED]

    run_virtual(main())


class FullVoice(ScriptedVoice):
    """Takes no session."""

    def open_session(self, context: object) -> object:  # type: ignore[override]
        raise AdapterUnavailable("full", "VOICE_FULL")


def test_an_adapter_that_takes_no_session_fails_the_job(tmp_path: Path) -> None:
    """With its own reason; the worker lives on."""

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=FullVoice())) as jobs:
            for _ in range(2):
                job = jobs.submit("", SAID, ".wav")
                await job.over.wait()
                assert job.error is not None
                assert job.error.reason == "VOICE_FULL"

    run_virtual(main())


def test_the_servers_end_cancels_what_runs(tmp_path: Path) -> None:
    """Nobody waits for ever for a job that will not be made; no half file is left."""

    async def main() -> JobState:
        async with working(tmp_path, Adapters(tts=voice([*every(0, tone(100)), hang()]))) as jobs:
            job = jobs.submit("", SAID, ".wav")
            await asyncio.sleep(1)
        await job.over.wait()
        return job.state

    assert run_virtual(main()) is JobState.CANCELLED
    assert names_in(tmp_path) == []


def test_old_jobs_are_forgotten_with_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest that are over; a request_id of one of them makes a new job."""
    monkeypatch.setattr(jobs_module, "MAX_REMEMBERED", 2)

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=voice())) as jobs:
            made = []
            for number in range(4):
                made.append(jobs.submit(f"request {number}", SAID, ".wav"))
                await made[-1].over.wait()
            assert jobs.submit("request 3", SAID, ".wav") is made[3]
            again = jobs.submit("request 0", SAID, ".wav")
            assert again is not made[0]
            with pytest.raises(JobNotFound):
                jobs.get(made[0].job_id)
            await again.over.wait()
            assert len(names_in(tmp_path)) == 3

    run_virtual(main())


def test_what_cannot_be_made_is_not_queued(tmp_path: Path) -> None:
    """The same rules as in a conversation, and no parts."""

    async def main() -> None:
        async with working(tmp_path, Adapters(tts=voice())) as jobs:
            with pytest.raises(Conflict, match="PARTIAL_IN_BATCH"):
                jobs.submit("", UserText("a", TextMode.SAY, partial=True), ".wav")
            with pytest.raises(Conflict, match="NO_LLM"):
                jobs.submit("", UserText("a", TextMode.TALK), ".wav")
            with pytest.raises(InvalidRequest):
                jobs.submit("", UserText("", TextMode.SAY), ".wav")

    run_virtual(main())
