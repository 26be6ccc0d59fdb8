"""Which parameters a trace shows, and how. Tests: tests/cli/face/test_trace.py."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tth.face.parameters import INDEX, gaze_of
from tth.face.record import RecordedFace
from tth.media.plot import BLUE, GREEN, ORANGE, PURPLE, RED, SKY, Blocks, Curve, Curves, Plot, Wave
from tth.model.media import SAMPLE_RATE_HZ, Pcm

if TYPE_CHECKING:
    from tth.cli.face.take import Take

_COLUMNS = 1400
"""Of the waveform."""
_LIPS_TOUCH = 0.015
"""Gap between the lips, as a weight of the jaw, below which they count as closed."""
_QUIET, _LIPS, _TEETH, _TONGUE, _OPEN, _SPREAD, _ROUND = (
    (222, 221, 218), RED, ORANGE, (150, 150, 160), BLUE, GREEN, PURPLE,
)  # fmt: skip
_VISEME_COLOURS = {
    "sil": _QUIET, "PP": _LIPS, "FF": _TEETH, "TH": _TEETH, "DD": _TONGUE, "kk": _TONGUE, "CH": _ROUND, "SS": _TONGUE,
    "nn": _TONGUE, "RR": _ROUND, "aa": _OPEN, "E": _SPREAD, "I": _SPREAD, "O": _ROUND, "U": _ROUND,
}  # fmt: skip


def plot_of(take: Take, frames: Sequence[RecordedFace], fps: int) -> Plot:
    """Everything about one take. Raises ValueError without a frame."""
    if not frames:
        raise ValueError("there is nothing to plot: the take has no frame")
    times = np.array([frame.time_s for frame in frames]) + 0.5 / fps  # a frame shows the middle of its slot
    duration_s = max(take.sample_count / SAMPLE_RATE_HZ, len(frames) / fps)  # the last frame is completed with silence
    controls = take.lines[0].line.controls
    text = " ".join(spoken.line.text for spoken in take.lines).strip() or "sound alone"
    words = [(word.start_sample / SAMPLE_RATE_HZ, word.word) for word in take.words]
    return Plot(
        text if len(text) < 100 else text[:99] + "…",
        f"{controls.emotion_label} {controls.emotion_intensity:g}, {fps} faces a second",
        duration_s,
        (
            _wave(take.pcm, words),
            Blocks("visemes", _visemes(frames, duration_s)),
            _mouth(times, frames),
            _feeling(times, frames),
            *_eyes(times, frames),
            _head(times, frames),
            Curves("breath", (_curve("chest", times, [f.face.breath for f in frames], BLUE, True),), 0, 1, "", 56),
        ),
        tuple(start for start, _ in words),
    )


def _wave(pcm: Pcm, words: Sequence[tuple[float, str]]) -> Wave:
    edges = np.linspace(0, len(pcm), _COLUMNS + 1).astype(int)[:-1]
    loudest = max(int(np.abs(pcm.astype(np.int32)).max(initial=0)), 1)
    low, high = np.minimum.reduceat(pcm, edges) / loudest, np.maximum.reduceat(pcm, edges) / loudest
    times = (edges + len(pcm) / _COLUMNS / 2) / SAMPLE_RATE_HZ
    return Wave("sound", times, low.astype(float), high.astype(float), tuple(words))


def _visemes(
    frames: Sequence[RecordedFace], duration_s: float
) -> tuple[tuple[float, float, str, tuple[int, int, int]], ...]:
    runs = [(name, next(iter(run)).time_s) for name, run in groupby(frames, lambda frame: frame.viseme)]
    ends = [start for _, start in runs[1:]] + [duration_s]
    return tuple(
        (start, end, "" if name == "sil" else name, _VISEME_COLOURS.get(name, _TONGUE))
        for (name, start), end in zip(runs, ends, strict=True)
    )


def _mouth(times: NDArray[np.float64], frames: Sequence[RecordedFace]) -> Curves:
    opening = np.maximum(_weights(frames, "jawOpen") - _weights(frames, "mouthClose"), 0)
    parted = opening + 0.5 * (_weights(frames, "mouthUpperUp") + _weights(frames, "mouthLowerDown"))
    rounding = np.minimum(_weights(frames, "mouthPucker") + _weights(frames, "mouthFunnel"), 1)
    step = float(times[1] - times[0]) / 2 if len(times) > 1 else 0.02
    talking = [frame.kind == "speaking" for frame in frames]
    shut = [t for t, gap, talks in zip(times.tolist(), parted, talking, strict=True) if talks and gap < _LIPS_TOUCH]
    return Curves(
        "mouth",
        (
            _curve("jaw", times, _weights(frames, "jawOpen"), BLUE, True),
            _curve("lips apart", times, parted, SKY),
            _curve("rounding", times, rounding, PURPLE),
            _curve("spreading", times, _weights(frames, "mouthStretch"), GREEN),
        ),
        0,
        max(0.6, float(np.ceil(10 * max(parted.max(), rounding.max())) / 10)),
        height_px=170,
        marks=tuple((t - step, t + step) for t in shut),
        mark_name="lips touch",
    )


def _feeling(times: NDArray[np.float64], frames: Sequence[RecordedFace]) -> Curves:
    return Curves(
        "feeling",
        (
            _curve("smile", times, _weights(frames, "mouthSmile"), ORANGE),
            _curve("frown", times, _weights(frames, "mouthFrown"), BLUE),
            _curve("inner brows up", times, _weights(frames, "browInnerUp"), GREEN),
            _curve("brows down", times, _weights(frames, "browDown"), RED),
        ),
        0,
        1,
        height_px=92,
    )


def _eyes(times: NDArray[np.float64], frames: Sequence[RecordedFace]) -> tuple[Curves, Curves]:
    gaze = np.array([gaze_of(frame.face.weights) for frame in frames])
    return (
        Curves("lids", (_curve("shut", times, _weights(frames, "eyeBlink"), PURPLE, True),), 0, 1, "", 56),
        Curves(
            "gaze", (_curve("right", times, gaze[:, 0], BLUE), _curve("up", times, gaze[:, 1], GREEN)), -15, 15, "°", 76
        ),
    )


def _head(times: NDArray[np.float64], frames: Sequence[RecordedFace]) -> Curves:
    angles = {
        "yaw": ([frame.face.yaw_deg for frame in frames], BLUE),
        "pitch": ([frame.face.pitch_deg for frame in frames], GREEN),
        "roll": ([frame.face.roll_deg for frame in frames], ORANGE),
    }
    most = max(6.0, max(abs(value) for values, _ in angles.values() for value in values))
    curves = tuple(_curve(name, times, values, colour) for name, (values, colour) in angles.items())
    return Curves("head", curves, -float(np.ceil(most)), float(np.ceil(most)), "°", 92)


def _weights(frames: Sequence[RecordedFace], name: str) -> NDArray[np.float64]:
    """One shape over time; the mean of left and right where there are two."""
    positions = [INDEX[name]] if name in INDEX else [INDEX[name + "Left"], INDEX[name + "Right"]]
    return np.array([frame.face.weights[positions].mean() for frame in frames], np.float64)


def _curve(
    name: str,
    times: NDArray[np.float64],
    values: Sequence[float] | NDArray[np.float64],
    colour: tuple[int, int, int],
    filled: bool = False,
) -> Curve:
    return Curve(name, times, np.asarray(values, np.float64), colour, filled)
