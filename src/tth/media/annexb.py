"""The bytes of an H.264 Annex B access unit: where its units begin and which of them describe the stream.

Pure. Source: ITU-T H.264 (08/2021), Annex B and table 7-1. Tests: tests/media/test_annexb.py.
"""

from __future__ import annotations

_START = b"\x00\x00\x01"
_TYPE_MASK = 0x1F
NAL_IDR, NAL_SPS, NAL_PPS = 5, 7, 8


def nal_units(data: bytes) -> list[bytes]:
    """The units of an access unit without their start codes, in order. Empty when there is no start code."""
    units: list[bytes] = []
    begin = data.find(_START)
    while begin >= 0:
        begin += len(_START)
        end = data.find(_START, begin)
        # A four-byte start code leaves a zero at the end of the unit before it; a unit itself never ends in one.
        unit = (data[begin:end] if end >= 0 else data[begin:]).rstrip(b"\x00")
        if unit:
            units.append(unit)
        begin = end
    return units


def nal_type(unit: bytes) -> int:
    """Type of one unit, table 7-1."""
    return unit[0] & _TYPE_MASK


def parameter_sets(data: bytes) -> bytes:
    """The SPS and PPS of an access unit, in Annex B with four-byte start codes; empty when it holds none."""
    return b"".join(b"\x00" + _START + unit for unit in nal_units(data) if nal_type(unit) in (NAL_SPS, NAL_PPS))


def is_keyframe(data: bytes) -> bool:
    """True when the access unit holds an IDR slice."""
    return any(nal_type(unit) == NAL_IDR for unit in nal_units(data))
