"""Programs that behave wrongly and tell the truth about it, or nothing at all: each fails its case."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.conformance.cases import Evidence, judge
from clients.conformance.running import observed, run_case
from clients.conformance.secure import secure_server
from clients.conformance.truth import Turn, only_turn

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("case", "how", "complaint"),
    [
        ("turn", "says something else", "the text that was said"),
        ("controls", "asks for nothing", "controls as they went over the wire"),
        ("interrupt", "hands on what is stale", "behind the third audio chunk"),
        ("interrupt", "interrupts late", "audio chunks handed on: 4"),
        ("interrupt", "does not interrupt", "the wire saw 0"),
        ("playback", "does not report", "playback reports on the wire: []"),
        ("resume", "half-closes", "good order"),
        ("resume", "forgets where it was", "comes behind"),
        ("resume", "claims what waits", "were never handed on"),
        ("resume", "begins anew", "two streams"),
        ("lost", "forgets what waits", "were never handed on"),
        ("lost", "stays away", "the program failed (exit code 1)"),
        ("errors", "makes no mistake", "one error event"),
        ("save", "says something else", "the text that was said"),
    ],
)
def test_a_spoilt_program_fails(case: str, how: str, complaint: str, server: str) -> None:
    """And the complaint says what it does wrong."""
    complaints = asyncio.run(run_case(("python", "tampered.py", how), HERE, case, server, limit_s=30))
    assert any(complaint in line for line in complaints), complaints


def test_refusals_are_not_invented() -> None:
    """Who tries with a certificate each time is found out."""

    async def run() -> list[str]:
        async with secure_server() as secure:
            command = ("python", "tampered.py", "has a certificate always")
            return await run_case(command, HERE, "secure", secure, limit_s=30)

    assert any("for want of a token; it saw 3" in line for line in asyncio.run(run()))


def _as_pictures(evidence: Evidence, folder: Path) -> Evidence:
    """What went over the wire, written as `save` asks for it."""
    turn = only_turn(evidence.wire)
    assert isinstance(turn, Turn)
    (folder / "frames").mkdir()
    for index, frame in enumerate(turn.frames, 1):
        (folder / "frames" / f"{index:06}.jpg").write_bytes(frame.data)
    with wave.open(str(folder / "turn.wav"), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(b"".join(chunk.data for chunk in turn.audio))
    return Evidence({"wav": "turn.wav", "video": "frames", "frames": len(turn.frames)}, evidence.wire, folder)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: _cut(folder / "turn.wav"),
        lambda folder: _cut(folder / "frames" / "000003.jpg"),
        lambda folder: (folder / "frames" / "000001.jpg").unlink(),
        lambda folder: (folder / "frames" / "000001.jpg").replace(folder / "frames" / "000099.jpg"),
        lambda folder: (folder / "turn.wav").write_bytes(b"RIFF"),
    ],
)
def test_a_spoilt_file_is_found(spoil: Callable[[Path], object], honest: dict[str, Evidence], tmp_path: Path) -> None:
    """Files are compared with what went over the wire."""
    copied = _as_pictures(honest["turn"], tmp_path)
    assert judge("save", copied) == []
    spoil(copied.output)
    assert judge("save", copied) != []


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("exit 3", "exit code 3"),
        ("echo broken >&2; exit 1", "broken"),
        ("echo nothing", "no JSON object: 'nothing'"),
        ("true", "no JSON object"),
        ("echo '[1]'", "no JSON object"),
        ("sleep 30 & sleep 30", "ended after 1 s"),
    ],
)
def test_a_program_that_gives_no_answer(script: str, complaint: str, server: str, tmp_path: Path) -> None:
    """What it did instead is told; one that hangs is ended in time, with all that it started."""
    found = asyncio.run(observed(("bash", "-c", script), tmp_path, "turn", server, tmp_path, limit_s=1.0))
    assert isinstance(found, str)
    assert complaint in found


def test_a_program_that_is_not_there(server: str, tmp_path: Path) -> None:
    """It is named."""
    found = asyncio.run(observed(("build/none",), tmp_path, "turn", server, tmp_path))
    assert isinstance(found, str)
    assert "build/none: No such file or directory" in found
