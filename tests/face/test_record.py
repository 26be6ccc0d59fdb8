"""Faces as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from tth.face.parameters import BLENDSHAPES, FaceState, set_gaze
from tth.face.record import COLUMNS, RecordedFace, as_csv, as_json, from_json

pytestmark = pytest.mark.unit


def _frames() -> list[RecordedFace]:
    weights = np.random.default_rng(3).random(len(BLENDSHAPES)).astype(np.float32)
    set_gaze(weights, 12, -6)
    face = FaceState(weights, yaw_deg=-12.34567, pitch_deg=1e-9, roll_deg=3, breath=0.5)
    return [RecordedFace(0, FaceState()), RecordedFace(0.04, face, "aa", "speaking")]


def test_the_csv_has_a_column_for_every_parameter() -> None:
    """Time, the 52 shapes by name, head, gaze, breath, viseme and kind; one line a frame."""
    rows = list(csv.DictReader(io.StringIO(as_csv(_frames()))))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 2
    assert len(COLUMNS) == 1 + 52 + 3 + 2 + 1 + 2
    assert [float(rows[1][name]) for name in BLENDSHAPES] == pytest.approx(_frames()[1].face.weights, abs=1e-4)
    assert float(rows[1]["yaw_deg"]) == -12.3457
    assert (rows[1]["gaze_right_deg"], rows[1]["gaze_up_deg"]) == ("12", "-6")
    assert (rows[1]["viseme"], rows[1]["kind"], rows[1]["breath"]) == ("aa", "speaking", "0.5")


def test_numbers_in_the_csv_are_short() -> None:
    """No exponents, no trailing zeros, no minus before a zero."""
    text = as_csv(_frames())
    assert "e-" not in text
    assert "-0," not in text
    assert "0.5000" not in text


def test_the_json_comes_back_as_it_went() -> None:
    """To four decimals."""
    frames = from_json(as_json(_frames(), 25))
    for found, meant in zip(frames, _frames(), strict=True):
        assert found.face.weights == pytest.approx(meant.face.weights, abs=1e-4)
        assert found.face.yaw_deg == pytest.approx(meant.face.yaw_deg, abs=1e-4)
        assert (found.time_s, found.viseme, found.kind) == (meant.time_s, meant.viseme, meant.kind)


def test_the_json_says_what_its_numbers_are() -> None:
    """Names in the order of the weights, frames a second, degrees of a full gaze."""
    content = json.loads(as_json(_frames(), 30))
    assert content["blendshapes"] == list(BLENDSHAPES)
    assert (content["fps"], content["gaze_full_deg"]) == (30, 30.0)
    assert content["frames"][1]["gaze_right_deg"] == 12


@pytest.mark.parametrize(
    ("content", "key"),
    [({"format": "other/1"}, "format"), ({"format": "tth.face/1", "blendshapes": []}, "blendshapes")],
)
def test_foreign_json_is_refused(content: dict[str, object], key: str) -> None:
    """With the key that is wrong."""
    with pytest.raises(ValueError, match=key):
        from_json(json.dumps(content))
