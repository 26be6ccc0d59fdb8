"""Reading the units of an H.264 access unit."""

from __future__ import annotations

import pytest

from tth.media import annexb

pytestmark = pytest.mark.unit

SPS, PPS, IDR, SLICE = b"\x67\x42\x01", b"\x68\xce", b"\x65\x88\x80", b"\x41\x9a"


def test_units_are_found_behind_start_codes_of_both_lengths() -> None:
    """Three and four bytes long, mixed."""
    data = b"\0\0\0\1" + SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + IDR
    assert annexb.nal_units(data) == [SPS, PPS, IDR]


def test_data_without_a_start_code_has_no_units() -> None:
    """Also the empty access unit."""
    assert annexb.nal_units(b"\x67\x42") == []
    assert annexb.nal_units(b"") == []


def test_parameter_sets_are_the_sps_and_pps_in_annex_b() -> None:
    """Slices are left out; without any the result is empty."""
    data = b"\0\0\1" + SPS + b"\0\0\1" + PPS + b"\0\0\1" + IDR
    assert annexb.parameter_sets(data) == b"\0\0\0\1" + SPS + b"\0\0\0\1" + PPS
    assert annexb.parameter_sets(b"\0\0\1" + SLICE) == b""


def test_an_idr_slice_makes_a_key_frame() -> None:
    """Another slice does not."""
    assert annexb.is_keyframe(b"\0\0\1" + SPS + b"\0\0\1" + IDR)
    assert not annexb.is_keyframe(b"\0\0\1" + SLICE)
