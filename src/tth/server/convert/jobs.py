"""Batch jobs on the wire."""

from __future__ import annotations

from tth.model.media import samples_to_us
from tth.server.convert import outgoing
from tth.session.jobs import Job, JobState
from tth.v1 import tth_service_pb2

_MEDIA_TYPE = {".mp4": "video/mp4", ".mov": "video/quicktime", ".wav": "audio/wav"}


def job_message(job: Job) -> tth_service_pb2.Job:
    """A job as clients see it."""
    progress = job.sink.media_end_sample if job.sink is not None else job.media_end_sample
    message = tth_service_pb2.Job(
        job_id=job.job_id,
        state=f"JOB_STATE_{job.state.name}",
        text=job.text,
        words=[outgoing.word_message(timing) for timing in job.words],
        progress_us=samples_to_us(progress),
    )
    if job.state is JobState.SUCCEEDED:
        message.artifact.uri = job.path.as_uri()
        message.artifact.media_type = _MEDIA_TYPE[job.path.suffix]
        message.artifact.size_bytes = job.size_bytes
        message.artifact.duration_us = samples_to_us(job.media_end_sample)
    if job.metrics is not None:
        message.metrics.CopyFrom(outgoing.metrics_message(job.metrics))
    if job.error is not None:
        message.error.CopyFrom(outgoing.error_message(job.error))
    return message
