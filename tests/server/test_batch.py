"""Generate and what belongs to it, over a real channel: files that can be played, jobs that can be asked for."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import grpc
import numpy as np
import pytest

from tests.server.caller import reason_of, run
from tth.adapters.registry import Adapters
from tth.server.app import ServerOptions
from tth.testing.harness import RunningServer, make_server, running_server
from tth.testing.scripted import ScriptedVoice, every, hang, tone
from tth.v1 import tth_service_pb2
from tth.v1.converse_pb2 import TEXT_MODE_SAY, UserText
from tth.v1.tth_service_pb2 import (
    ARTIFACT_FORMAT_WAV,
    CancelJobRequest,
    DownloadArtifactRequest,
    GenerateRequest,
    GetJobRequest,
    Job,
)

pytestmark = pytest.mark.server

SAID = UserText(text="Hello world.", mode=TEXT_MODE_SAY)


def names_in(path: Path) -> list[str]:
    """The files in a directory."""
    return [entry.name for entry in path.iterdir()]


def take_away(path: Path) -> None:
    """Remove every file."""
    for entry in path.iterdir():
        entry.unlink()


async def download(server: RunningServer, job: Job, offset_bytes: int = 0) -> bytes:
    """A job's file from an offset on."""
    call = server.stub.DownloadArtifact(DownloadArtifactRequest(job_id=job.job_id, offset_bytes=offset_bytes))
    chunks = [chunk async for chunk in call]
    assert [chunk.offset_bytes for chunk in chunks] == [
        offset_bytes + sum(len(before.data) for before in chunks[:at]) for at in range(len(chunks))
    ]
    assert all(chunk.size_bytes == job.artifact.size_bytes and len(chunk.data) <= 65_536 for chunk in chunks)
    return b"".join(chunk.data for chunk in chunks)


def test_generate_an_mp4(tmp_path: Path) -> None:
    """H.264 and AAC of the same length as the speech, with words and metrics; the download is the file."""

    async def main() -> None:
        async with running_server(make_server(options=ServerOptions(artifact_dir=tmp_path))) as server:
            job = (await server.stub.Generate(GenerateRequest(user_text=SAID))).job
            assert job.state == tth_service_pb2.JOB_STATE_SUCCEEDED
            assert job.text == "Hello world."
            assert [word.word for word in job.words] == ["Hello", "world."]
            assert job.artifact.media_type == "video/mp4"
            data = await download(server, job)
            assert job.artifact.uri == (tmp_path / f"{job.job_id}.mp4").as_uri()
            assert len(data) == job.artifact.size_bytes
            assert await download(server, job, len(data) - 10) == data[-10:]
            assert await download(server, job, len(data)) == b""
            copy = tmp_path / "copy.mp4"
            copy.write_bytes(data)
            with av.open(str(copy)) as file:
                frames = sum(1 for _ in file.decode(video=0))
                file.seek(0)
                pcm = np.concatenate([frame.to_ndarray().ravel() for frame in file.decode(audio=0)])
            assert frames == job.metrics.video_frame_count >= 6
            assert len(pcm) / 24_000 == pytest.approx(job.artifact.duration_us / 1e6, abs=0.1)
            assert np.abs(pcm).max() > 0.1
            assert (await server.stub.GetJob(GetJobRequest(job_id=job.job_id))).job == job

    run(main())


def test_generate_a_wav(tmp_path: Path) -> None:
    """Sound alone: 12 characters of 20 ms and the silence behind them, to the sample."""

    async def main() -> None:
        async with running_server(make_server(options=ServerOptions(artifact_dir=tmp_path))) as server:
            job = (await server.stub.Generate(GenerateRequest(user_text=SAID, format=ARTIFACT_FORMAT_WAV))).job
            copy = tmp_path / "copy.wav"
            copy.write_bytes(await download(server, job))
            with wave.open(str(copy)) as file:
                assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
                assert file.getnframes() * 1000 == pytest.approx(24 * (12 * 20 + 40) * 1000, rel=0.01)
            assert job.metrics.video_frame_count == 0

    run(main())


def test_generate_is_idempotent(tmp_path: Path) -> None:
    """The same request_id gives the same job."""

    async def main() -> None:
        async with running_server(make_server(options=ServerOptions(artifact_dir=tmp_path))) as server:
            request = GenerateRequest(request_id="once", user_text=SAID, format=ARTIFACT_FORMAT_WAV)
            jobs = [(await server.stub.Generate(request)).job for _ in range(2)]
            assert jobs[0].job_id == jobs[1].job_id

    run(main())


def test_wait_cancel_and_queue(tmp_path: Path) -> None:
    """wait_ms bounds the wait; a job can be cancelled while it waits and while it runs; nothing is left of its file."""

    async def main() -> None:
        voice = ScriptedVoice([hang()], [*every(0, tone(100))])
        options = ServerOptions(artifact_dir=tmp_path, max_jobs=1)
        async with running_server(make_server(Adapters(tts=voice), options)) as server:
            request = GenerateRequest(user_text=SAID, wait_ms=0, format=ARTIFACT_FORMAT_WAV)
            running, waiting, last = [(await server.stub.Generate(request)).job for _ in range(3)]
            assert waiting.state == tth_service_pb2.JOB_STATE_QUEUED
            cancelled = (await server.stub.CancelJob(CancelJobRequest(job_id=waiting.job_id))).job
            assert cancelled.state == tth_service_pb2.JOB_STATE_CANCELLED
            assert (await job_of(server, running)).state == tth_service_pb2.JOB_STATE_RUNNING
            with pytest.raises(grpc.aio.AioRpcError) as early:
                await download(server, running)
            assert reason_of(early.value) == "NO_ARTIFACT"
            stopped = (await server.stub.CancelJob(CancelJobRequest(job_id=running.job_id))).job
            assert stopped.state == tth_service_pb2.JOB_STATE_CANCELLED
            again = (await server.stub.CancelJob(CancelJobRequest(job_id=running.job_id))).job
            assert again == stopped
            await server.server.jobs.get(last.job_id).over.wait()
            assert (await job_of(server, last)).state == tth_service_pb2.JOB_STATE_SUCCEEDED
            assert names_in(tmp_path) == [f"{last.job_id}.wav"]

    run(main())


async def job_of(server: RunningServer, job: Job) -> Job:
    return (await server.stub.GetJob(GetJobRequest(job_id=job.job_id))).job


def test_a_job_that_breaks_costs_that_job(tmp_path: Path) -> None:
    """A directory that cannot be written fails the job with an incident, not the server."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    async def main() -> None:
        async with running_server(make_server(options=ServerOptions(artifact_dir=blocked))) as server:
            job = (await server.stub.Generate(GenerateRequest(user_text=SAID))).job
            assert job.state == tth_service_pb2.JOB_STATE_FAILED
            assert job.error.reason == "INTERNAL"
            assert str(tmp_path) not in str(job.error)
            second = (await server.stub.Generate(GenerateRequest(user_text=SAID))).job
            assert second.state == tth_service_pb2.JOB_STATE_FAILED

    run(main(), errors=2)


def test_what_there_is_not(tmp_path: Path) -> None:
    """Unknown jobs, offsets outside the file and a file that somebody took away."""

    async def main() -> None:
        async with running_server(make_server(options=ServerOptions(artifact_dir=tmp_path))) as server:
            job = (await server.stub.Generate(GenerateRequest(user_text=SAID, format=ARTIFACT_FORMAT_WAV))).job
            for offset_bytes in (-1, job.artifact.size_bytes + 1):
                with pytest.raises(grpc.aio.AioRpcError) as outside:
                    await download(server, job, offset_bytes)
                assert f"0..{job.artifact.size_bytes}" in (outside.value.details() or "")
            take_away(tmp_path)
            with pytest.raises(grpc.aio.AioRpcError) as gone:
                await download(server, job)
            assert reason_of(gone.value) == "NO_ARTIFACT"
            for call in (
                server.stub.GetJob(GetJobRequest(job_id="j_x")),
                server.stub.CancelJob(CancelJobRequest(job_id="j_x")),
            ):
                with pytest.raises(grpc.aio.AioRpcError) as unknown:
                    await call
                assert reason_of(unknown.value) == "JOB_NOT_FOUND"

    run(main())


def test_a_failed_turn_fails_its_job(tmp_path: Path) -> None:
    """The reason stands in the job; no file is left."""

    async def main() -> None:
        silent: list[object] = []
        server_of_mutes = make_server(
            Adapters(tts=ScriptedVoice(silent)),  # type: ignore[arg-type]
            ServerOptions(artifact_dir=tmp_path),
        )
        async with running_server(server_of_mutes) as server:
            job = (await server.stub.Generate(GenerateRequest(user_text=SAID))).job
            assert job.state == tth_service_pb2.JOB_STATE_FAILED
            assert job.error.reason == "NOTHING_SPEAKABLE"
            assert names_in(tmp_path) == []

    run(main())
