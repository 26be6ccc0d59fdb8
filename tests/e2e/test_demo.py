"""The demo as a user runs it: a server of its own, a real channel, the shipped client; then its film is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

MOUTH = np.s_[272:328, 215:307]
"""Rows and columns around the lips of a head that looks straight ahead at 512x512."""


@dataclass(frozen=True)
class Film:
    """What lies in the output folder."""

    output: str
    report: dict[str, Any]
    folder: Path
    times_s: NDArray[np.float64]
    mouths: NDArray[np.float64]
    """Luma around the mouth, frame by frame, shape (n, rows, columns)."""
    pcm: NDArray[np.float32]
    size: tuple[int, int]
    codecs: tuple[str, str]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "tth.cli.main", "demo", "--output", str(folder)]
    for _ in range(2):  # a busy machine can spoil the timing of one run; two in a row are ours
        done = subprocess.run(command, capture_output=True, text=True, timeout=140, check=False)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stdout + done.stderr
    return _read(done.stdout, folder)


def _read(output: str, folder: Path) -> Film:
    times, mouths = [], []
    with av.open(str(folder / "demo.mp4")) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        codecs = (video.codec_context.name, audio.codec_context.name)
        for frame in file.decode(video):
            picture = frame.to_ndarray(format="gray")
            times.append(float(frame.time))
            mouths.append(picture[MOUTH].astype(np.float64))
        size = (video.width, video.height)
    with av.open(str(folder / "demo.mp4")) as file:
        pcm = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    report = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    return Film(output, report, folder, np.array(times), np.array(mouths), pcm, size, codecs)


def _level(film: Film, start_s: float, end_s: float) -> float:
    part = film.pcm[int(start_s * 24_000) : int(end_s * 24_000)]
    return float(np.sqrt(np.mean(part**2))) if len(part) else 0.0


def test_film_is_what_players_expect(film: Film) -> None:
    """H.264 and AAC, 512x512 at 25 fps, where a missing frame makes the one before longer; equally long."""
    assert film.codecs == ("h264", "aac")
    assert film.size == (512, 512)
    assert float(np.median(np.diff(film.times_s))) == pytest.approx(0.04, abs=0.001)
    assert len(film.pcm) / 24_000 == pytest.approx(film.times_s[-1] + 0.04, abs=0.1)


def test_no_frame_is_missing(film: Film) -> None:
    """Frames follow each other every 40 ms; even on a busy machine at most one in twenty is longer."""
    gaps = np.diff(film.times_s)
    assert np.mean(gaps > 0.045) < 0.05
    assert gaps.max() < 0.5


def test_conversation_has_everything(film: Film) -> None:
    """Talk and say, several emotions and personas, an update in mid-turn, an interrupt; one record of each turn."""
    turns = film.report["turns"]
    assert len(turns) >= 5
    assert {turn["mode"] for turn in turns} == {"talk", "say"}
    assert len({turn["persona"] for turn in turns}) >= 3
    assert len({turn["emotion"] for turn in turns}) >= 3
    assert [turn["outcome"] for turn in turns].count("interrupted") == 1
    assert all(len(turn["metrics"]) == 1 for turn in turns)
    revisions = [turn["metrics"][0]["control_report"]["control_revision"] for turn in turns]
    assert sorted(map(int, revisions)) == list(map(int, revisions))


def test_every_turn_is_heard(film: Film) -> None:
    """Speech is well above silence in each turn, and the spaces between turns are quiet."""
    for turn in film.report["turns"]:
        start_s, end_s = turn["media_start_pts_us"] / 1e6, turn["audio_end_pts_us"] / 1e6
        assert _level(film, start_s, end_s) > 0.02
    assert np.abs(film.pcm).max() < 1.0


def test_mouth_follows_the_voice(film: Film) -> None:
    """The dark between the lips comes and goes with the loudness of the voice, within three frames of it."""
    darkness = -np.percentile(film.mouths, 3, axis=(1, 2))
    loudness = np.array([np.log(_level(film, t, t + 0.04) + 1e-3) for t in film.times_s])
    best: list[float] = []
    for turn in film.report["turns"]:
        start_s, end_s = turn["media_start_pts_us"] / 1e6, turn["audio_end_pts_us"] / 1e6
        inside = (film.times_s >= start_s) & (film.times_s < end_s)
        best.append(max(_correlation(darkness[inside], loudness[inside], lag) for lag in range(-3, 4)))
    assert float(np.median(best)) > 0.45, best


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64], lag: int) -> float:
    """Of two curves, smoothed over five frames, the second one shifted."""
    kernel = np.ones(5) / 5
    left = np.convolve(a, kernel, "same")[8:-8]
    right = np.roll(np.convolve(b, kernel, "same"), lag)[8:-8]
    return float(np.corrcoef(left, right)[0, 1])


def test_mouth_rests_when_nobody_speaks(film: Film) -> None:
    """Between the turns the lips hardly move; while somebody speaks they do."""
    motion = np.abs(np.diff(film.mouths, axis=0)).mean(axis=(1, 2))
    speaking = np.zeros(len(motion), bool)
    for turn in film.report["turns"]:
        start_s, end_s = turn["media_start_pts_us"] / 1e6, turn["audio_end_pts_us"] / 1e6
        speaking |= (film.times_s[1:] > start_s - 0.5) & (film.times_s[1:] < end_s + 0.5)
    assert (~speaking).sum() > 5
    assert np.median(motion[speaking]) > 1.5 * np.median(motion[~speaking])


def test_subtitles_are_in_order(film: Film) -> None:
    """WebVTT with cues that follow each other within the film."""
    lines = (film.folder / "demo.vtt").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "WEBVTT"
    starts = [_seconds(line.split(" --> ")[0]) for line in lines if " --> " in line]
    assert len(starts) > 8
    assert all(before <= after for before, after in pairwise(starts))
    assert starts[-1] < film.times_s[-1]


def _seconds(stamp: str) -> float:
    total = 0.0
    for part in stamp.strip().split(":"):
        total = total * 60 + float(part)
    return total


def test_it_ends_with_a_table(film: Film) -> None:
    """One line per turn with its figures; stills for people who look before they read."""
    assert "first sound" in film.output
    assert "interrupted" in film.output
    assert (film.folder / "contact.png").stat().st_size > 50_000


def test_the_demo_of_a_realtime_model(tmp_path: Path) -> None:
    """A profile that asks a provider runs with a stand-in for it: no key, no network; lips from the sound alone."""
    command = [sys.executable, "-m", "tth.cli.main", "demo", "--smoke", "--profile", "api_only_mac", "--emulate"]
    done = subprocess.run(
        [*command, "--output", str(tmp_path)], capture_output=True, text=True, timeout=140, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    turn = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))["turns"][0]
    assert turn["mode"] == "talk"
    assert turn["metrics"][0]["outcome"] == "TURN_OUTCOME_COMPLETED"
    usage = turn["metrics"][0]
    assert float(usage["audio_ms"]) > 3000
