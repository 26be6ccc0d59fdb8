"""The demo's verdict on itself: the files are demuxed and measured, the turns are held against the script.

Tests: tests/cli/test_demo_check.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tth.cli import figures
from tth.cli.demo_run import TurnRecord
from tth.v1 import controls_pb2, converse_pb2

MAX_TRACK_DIFFERENCE_MS = 100
MAX_MEAN_DRIFT_MS = 40.0
MAX_P95_DRIFT_MS = 125.0
"""Wider than the product's target (40 ms), which is measured on a quiet machine: this one may be busy with other work.
People begin to notice sound that is late by 125 ms (ITU-R BT.1359-1)."""
MIN_LEVEL = 0.01
"""RMS of full scale, -40 dB: speech lies around 0.1."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be true."""

    name: str
    """text, sound, picture, file, turns, controls, interrupt, drift or subtitles."""
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class MediaFile:
    """What a player finds in the film."""

    codecs: tuple[str, ...]
    width_px: int
    height_px: int
    fps: float
    """From the median distance of two frames: a frame that was left out makes one distance longer, not the rate."""
    frame_count: int
    video_ms: float
    audio_ms: float
    level: float
    """RMS of full scale over the whole film."""


def measure(path: Path) -> MediaFile:
    """Demux and decode the film. Raises FFmpegError for a file that is none, ValueError when a track is missing."""
    with av.open(str(path)) as file:
        if not file.streams.video or not file.streams.audio:
            raise ValueError(f"{path} lacks sound or picture")
        video, audio = file.streams.video[0], file.streams.audio[0]
        video_ms, audio_ms = (
            1000 * float((stream.duration or 0) * (stream.time_base or 0)) for stream in (video, audio)
        )
        energy, samples = 0.0, 0
        times_s: list[float] = []
        for frame in file.decode(video, audio):
            if isinstance(frame, av.AudioFrame):
                pcm = np.asarray(frame.to_ndarray(), np.float64)
                energy, samples = energy + float((pcm**2).sum()), samples + pcm.size
            elif isinstance(frame, av.VideoFrame):
                times_s.append(float(frame.time or 0.0))
        return MediaFile(
            codecs=(video.codec_context.name, audio.codec_context.name),
            width_px=video.codec_context.width,
            height_px=video.codec_context.height,
            fps=1 / float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0,
            frame_count=len(times_s),
            video_ms=video_ms,
            audio_ms=audio_ms,
            level=float(np.sqrt(energy / max(1, samples))),
        )


def check_film(film: MediaFile, received_frame_count: int) -> Iterator[Check]:
    """H.264 and AAC, 512x512, 25 fps, tracks of one length, not silent, every frame that was received."""
    yield Check("file", film.codecs == ("h264", "aac"), " and ".join(film.codecs))
    size = f"{film.width_px}x{film.height_px} at {film.fps:.2f} fps"
    yield Check("picture", (film.width_px, film.height_px) == (512, 512) and abs(film.fps - 25) < 0.5, size)
    whole = film.frame_count == received_frame_count > 0
    yield Check("picture", whole, f"{film.frame_count} of {received_frame_count} received frames are in the film")
    difference_ms = abs(film.video_ms - film.audio_ms)
    lengths = f"picture {film.video_ms / 1000:.2f} s, sound {film.audio_ms / 1000:.2f} s"
    yield Check("file", difference_ms <= MAX_TRACK_DIFFERENCE_MS, lengths)
    yield Check("sound", film.level >= MIN_LEVEL, f"level {20 * np.log10(max(film.level, 1e-6)):.0f} dB")


def check_turns(records: Sequence[TurnRecord], script_length: int) -> Iterator[Check]:
    """Every turn of the script was held and ended as it should, once."""
    yield Check("turns", len(records) == script_length, f"{len(records)} of {script_length} held")
    for number, record in enumerate(records, start=1):
        yield from (
            Check(check.name, check.ok, f"turn {number}: {check.detail}")
            for check in (*_check_end(record), *_check_media(record), *_check_controls(record))
        )


def failures(checks: Iterable[Check]) -> list[Check]:
    """Those that are not true."""
    return [check for check in checks if not check.ok]


def _check_end(record: TurnRecord) -> Iterator[Check]:
    for error in record.errors:
        yield Check("turns", False, error)
    once = len(record.metrics) == len(record.endings) == 1
    yield Check("turns", once, f"{len(record.metrics)} metrics, {len(record.endings)} endings")
    if not once:
        return
    interrupted = record.plan.interrupt_after_ms is not None
    wanted = converse_pb2.TURN_OUTCOME_INTERRUPTED if interrupted else converse_pb2.TURN_OUTCOME_COMPLETED
    outcome = record.metrics[0].outcome
    yield Check("turns", outcome == wanted, figures.outcome_word(outcome))
    yield Check("turns", record.media_after_end_count == 0, f"{record.media_after_end_count} events after the end")
    if interrupted:
        heard = record.endings[0].turn_stopped.heard_text
        whole = len(record.text if record.plan.talk else record.plan.text)
        yield Check("interrupt", 0 < len(heard) < whole, f"heard {len(heard)} of {whole} letters")


def _check_media(record: TurnRecord) -> Iterator[Check]:
    yield Check("text", bool(record.text.strip()), f"{len(record.text)} letters")
    if record.plan.reply_contains:
        kept = record.plan.reply_contains in record.text
        yield Check("text", kept, f'the answer {"holds" if kept else "does not hold"} "{record.plan.reply_contains}"')
    yield Check("sound", record.audio_ms > 0, f"{record.audio_ms / 1000:.1f} s")
    yield Check("picture", record.frame_count > 0, f"{record.frame_count} frames")
    if record.metrics and record.metrics[0].HasField("drift"):
        drift = record.metrics[0].drift
        close = abs(drift.mean_ms) <= MAX_MEAN_DRIFT_MS and drift.p95_abs_ms <= MAX_P95_DRIFT_MS
        yield Check("drift", close, f"mean {drift.mean_ms:.1f} ms, p95 {drift.p95_abs_ms:.1f} ms")


def _answer(report: controls_pb2.ControlReport | None) -> str:
    if report is None:
        return "not answered"
    return "; ".join([f"{len(figures.applied(report))} applied", *figures.downgraded(report)])


def _check_controls(record: TurnRecord) -> Iterator[Check]:
    if not record.metrics:
        return
    ignored = [
        item.path
        for item in record.metrics[0].control_report.results
        if item.outcome == controls_pb2.CONTROL_OUTCOME_IGNORED
    ]
    results = len(record.metrics[0].control_report.results)
    yield Check("controls", not ignored, f"ignored: {', '.join(ignored)}" if ignored else f"{results} reported")
    if record.plan.update is not None:
        seen = {kind: len(revisions) for kind, revisions in record.revisions.items()}
        kinds = seen if record.plan.update.in_sound else ("video_frame",)
        changed = record.update_sent and all(seen[kind] >= 2 for kind in kinds)
        what = "sound and picture" if record.plan.update.in_sound else "the face"
        yield Check(
            "controls", changed, f"update in the middle: {what} changed" if changed else f"revisions seen: {seen}"
        )
        report = record.update_report
        done = (controls_pb2.CONTROL_OUTCOME_APPLIED, controls_pb2.CONTROL_OUTCOME_EMULATED)
        outcomes = [item.outcome for item in report.results] if report is not None else []
        answered = bool(outcomes) and all(outcome in done for outcome in outcomes)
        yield Check("controls", answered, f"update in the middle: {_answer(report)}")
