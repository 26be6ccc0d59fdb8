"""The demo's verdict: each way to be wrong is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.media.pictures import moving_pictures, tone
from tth.cli.demo_check import MediaFile, check_film, check_turns, failures, measure
from tth.cli.demo_run import TurnRecord
from tth.cli.demo_script import DemoTurn, DemoUpdate
from tth.media.mp4 import Mp4Writer
from tth.v1 import controls_pb2 as pb
from tth.v1 import converse_pb2
from tth.v1.converse_pb2 import ConverseResponse

pytestmark = pytest.mark.unit

GOOD_FILM = MediaFile(("h264", "aac"), 512, 512, 25.0, 100, 4000.0, 4050.0, 0.1)
UPDATE = DemoUpdate(100, "happy", 1.0, 1.1, 0.1)
REPORT = pb.ControlReport(results=[pb.ControlResult(path="emotion.label", outcome=pb.CONTROL_OUTCOME_APPLIED)])


def good_turn() -> TurnRecord:
    """A turn with an update in its middle, without a flaw."""
    plan = DemoTurn("Hello Robin", "default", "happy", 0.5, talk=True, update=UPDATE, reply_contains="Robin")
    metrics = converse_pb2.TurnMetrics(
        outcome=converse_pb2.TURN_OUTCOME_COMPLETED, control_report=REPORT, drift=converse_pb2.DriftStats(p95_abs_ms=5)
    )
    return TurnRecord(
        plan,
        "c_1",
        text="Hello Robin",
        audio_ms=1000,
        frame_count=25,
        metrics=[metrics],
        endings=[ConverseResponse(turn_id="c_1", turn_complete=converse_pb2.TurnComplete())],
        update_report=REPORT,
        revisions={"audio_chunk": {1, 2}, "video_frame": {1, 2}},
        update_sent=True,
    )


def test_what_is_emulated_is_done() -> None:
    """A voice whose pitch is changed in its sound has done what was asked."""
    record = good_turn()
    emulated = pb.ControlResult(path="character.pitch_shift", outcome=pb.CONTROL_OUTCOME_EMULATED)
    record.update_report = pb.ControlReport(results=[emulated])
    assert failures(check_turns([record], 1)) == []


def interrupted_turn(heard: str) -> TurnRecord:
    record = good_turn()
    record.plan = DemoTurn("Hello Robin", "default", "happy", 0.5, interrupt_after_ms=100)
    record.metrics[0].outcome = converse_pb2.TURN_OUTCOME_INTERRUPTED
    record.endings = [ConverseResponse(turn_stopped=converse_pb2.TurnStopped(heard_text=heard))]
    return record


def test_a_good_conversation_passes() -> None:
    """With an interrupted turn in it."""
    assert failures(check_turns([good_turn(), interrupted_turn("Hello")], 2)) == []
    assert failures(check_film(GOOD_FILM, 100)) == []


def _no_metrics(record: TurnRecord) -> None:
    record.metrics.clear()


def _two_endings(record: TurnRecord) -> None:
    record.endings *= 2


def _failed(record: TurnRecord) -> None:
    record.metrics[0].outcome = converse_pb2.TURN_OUTCOME_FAILED


def _late_media(record: TurnRecord) -> None:
    record.media_after_end_count = 1


def _refused(record: TurnRecord) -> None:
    record.errors.append("TEXT_EMPTY: no text")


def _silent(record: TurnRecord) -> None:
    record.audio_ms = 0


def _blind(record: TurnRecord) -> None:
    record.frame_count = 0


def _forgetful(record: TurnRecord) -> None:
    record.text = "Hello stranger"


def _wordless(record: TurnRecord) -> None:
    record.plan, record.text = replace(record.plan, reply_contains=""), " "


def _drifting(record: TurnRecord) -> None:
    record.metrics[0].drift.p95_abs_ms = 300


def _late_picture(record: TurnRecord) -> None:
    record.metrics[0].drift.mean_ms = -60


def _ignored(record: TurnRecord) -> None:
    record.metrics[0].control_report.results.add(path="character.pitch_shift", outcome=pb.CONTROL_OUTCOME_IGNORED)


def _same_face(record: TurnRecord) -> None:
    record.revisions["video_frame"] = {1}


def _unanswered(record: TurnRecord) -> None:
    record.update_report = None


def _deferred(record: TurnRecord) -> None:
    result = pb.ControlResult(path="emotion.label", outcome=pb.CONTROL_OUTCOME_DEFERRED)
    record.update_report = pb.ControlReport(results=[result])


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (_no_metrics, "turns"),
        (_two_endings, "turns"),
        (_failed, "turns"),
        (_late_media, "turns"),
        (_refused, "turns"),
        (_silent, "sound"),
        (_blind, "picture"),
        (_forgetful, "text"),
        (_wordless, "text"),
        (_drifting, "drift"),
        (_late_picture, "drift"),
        (_ignored, "controls"),
        (_same_face, "controls"),
        (_unanswered, "controls"),
        (_deferred, "controls"),
    ],
)
def test_each_flaw_of_a_turn_is_seen(spoil: Callable[[TurnRecord], None], name: str) -> None:
    """Under its own name, with the number of the turn."""
    record = good_turn()
    spoil(record)
    (failure,) = failures(check_turns([record], 1))
    assert failure.name == name
    assert failure.detail.startswith("turn 1: ")


@pytest.mark.parametrize("heard", ["", "Hello Robin"])
def test_an_interrupt_must_cut_the_sentence(heard: str) -> None:
    """Something was heard and something was not."""
    (failure,) = failures(check_turns([interrupted_turn(heard)], 1))
    assert failure.name == "interrupt"


def test_a_script_that_was_not_finished_is_seen() -> None:
    """A turn is missing."""
    (failure,) = failures(check_turns([good_turn()], 2))
    assert failure.detail == "1 of 2 held"


@pytest.mark.parametrize(
    ("film", "name"),
    [
        (replace(GOOD_FILM, codecs=("h264", "mp3")), "file"),
        (replace(GOOD_FILM, width_px=256), "picture"),
        (replace(GOOD_FILM, fps=20.0), "picture"),
        (replace(GOOD_FILM, frame_count=99), "picture"),
        (replace(GOOD_FILM, audio_ms=3800.0), "file"),
        (replace(GOOD_FILM, level=0.001), "sound"),
    ],
)
def test_each_flaw_of_the_film_is_seen(film: MediaFile, name: str) -> None:
    """Under its own name."""
    (failure,) = failures(check_film(film, 100))
    assert failure.name == name


def test_a_film_is_measured_by_demuxing_it(tmp_path: Path) -> None:
    """A left-out frame does not change the rate."""
    with Mp4Writer(tmp_path / "a.mp4", 128, 96, 25) as writer:
        for index, picture in enumerate(moving_pictures(26)):
            if index != 10:
                writer.add_picture(picture, index * 960)
        writer.add_pcm(tone(1.04, level=0.5), 0)
    film = measure(tmp_path / "a.mp4")
    assert (film.codecs, film.width_px, film.height_px, film.frame_count) == (("h264", "aac"), 128, 96, 25)
    assert film.fps == pytest.approx(25)
    assert film.level == pytest.approx(0.5 / 2**0.5, rel=0.05)
    assert abs(film.video_ms - film.audio_ms) < 5


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    """There is nothing to compare."""
    with Mp4Writer(tmp_path / "a.mp4", 128, 96, 25) as writer:
        writer.add_picture(moving_pictures(1)[0], 0)
    with pytest.raises(ValueError, match="lacks"):
        measure(tmp_path / "a.mp4")
