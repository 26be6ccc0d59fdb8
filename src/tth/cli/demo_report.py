"""What the demo leaves behind: contact sheet, figures as JSON, and the table at the end.

Tests: tests/cli/test_demo_report.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from google.protobuf import json_format

from tth.cli import figures
from tth.cli.demo_check import Check, failures
from tth.cli.demo_run import TurnRecord
from tth.cli.terminal import Terminal
from tth.client.recorder import TurnStill
from tth.media.contact import Still, contact_sheet
from tth.media.png import save_small_png
from tth.v1 import converse_pb2

STILLS_PER_TURN = 2
"""Early and late: an update in the middle of a turn lies between the two."""


def write_contact_sheet(path: Path, records: Sequence[TurnRecord], stills: Sequence[TurnStill]) -> None:
    """Labelled stills across the turns; nothing when there are none."""
    by_id = {record.turn_id: (number, record) for number, record in enumerate(records, start=1)}
    labelled = []
    for still in stills:
        number, record = by_id[still.turn_id]
        emotion, intensity = _emotion_at(record, still.pts_us)
        mouth = f", mouth {still.mouth_open:.2f}" if still.mouth_open is not None else ""
        mode = "talk" if record.plan.talk else "say"
        caption = (
            f"turn {number}, {mode}, {_outcome(record)}",
            f"{emotion} {intensity:g}, {record.plan.persona}",
            f"{int(still.at_s // 60)}:{still.at_s % 60:04.1f}{mouth}",
        )
        labelled.append(Still(still.picture, caption))
    if labelled:
        save_small_png(contact_sheet(labelled), path)


def check_files(folder: Path, records: Sequence[TurnRecord], stills: Sequence[TurnStill]) -> Iterator[Check]:
    """Every turn has its stills and the subtitles have cues."""
    seen = {still.turn_id for still in stills}
    missing = [number for number, record in enumerate(records, start=1) if record.turn_id not in seen]
    yield Check("picture", not missing, f"turns without a still: {missing}" if missing else f"{len(stills)} stills")
    cues = (folder / "demo.vtt").read_text(encoding="utf-8").count(" --> ")
    yield Check("subtitles", cues >= len(records), f"{cues} cues")


def write_json(path: Path, records: Sequence[TurnRecord], checks: Sequence[Check], session_id: str) -> None:
    """The metrics of each turn as the server sent them, with totals and the verdict."""
    turns = [
        {
            "turn": number,
            "turn_id": record.turn_id,
            "sent": record.plan.text,
            "mode": "talk" if record.plan.talk else "say",
            "persona": record.plan.persona,
            "emotion": record.plan.emotion,
            "text": record.text,
            "outcome": _outcome(record),
            "heard_text": "".join(end.turn_stopped.heard_text for end in record.endings),
            "media_start_pts_us": record.start_pts_us,
            "audio_end_pts_us": record.audio_end_pts_us,
            "metrics": [json_format.MessageToDict(m, preserving_proto_field_name=True) for m in record.metrics],
        }
        for number, record in enumerate(records, start=1)
    ]
    totals = {
        "turn_count": len(records),
        "audio_ms": round(sum(record.audio_ms for record in records)),
        "video_frame_count": sum(record.frame_count for record in records),
        "failed_check_count": len(failures(checks)),
    }
    verdict = [{"what": check.name, "ok": bool(check.ok), "detail": check.detail} for check in checks]
    document = {"session_id": session_id, "turns": turns, "totals": totals, "checks": verdict}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def show(
    terminal: Terminal, records: Sequence[TurnRecord], checks: Sequence[Check], folder: Path, took_s: float
) -> None:
    """The table, the verdict, and what went wrong."""
    terminal.line()
    terminal.table(
        ("turn", "outcome", "first text", "first sound", "first picture", "drift p95", "stopped in", "controls"),
        [_row(number, record) for number, record in enumerate(records, start=1)],
        right=frozenset({2, 3, 4, 5, 6}),
    )
    terminal.line()
    failed = failures(checks)
    for name in dict.fromkeys(check.name for check in checks):
        wrong = [check for check in failed if check.name == name]
        count = sum(check.name == name for check in checks)
        if not wrong:
            terminal.line(f"ok      {name} ({count} checks)", "green")
        for check in wrong:
            terminal.line(f"FAILED  {name}: {check.detail}", "bold red")
    terminal.line()
    names = ("demo.mp4", "demo.vtt", "contact.png", "demo.json")
    terminal.line(f"written in {took_s:.0f} s: {', '.join(str(folder / name) for name in names)}")


def _row(number: int, record: TurnRecord) -> tuple[str, ...]:
    if not record.metrics:
        return (str(number), "no metrics", *[figures.NOTHING] * 5, "")
    metrics = record.metrics[0]
    durations = [_with_unit(figures.ms(metrics, f"first_{name}_ms")) for name in ("text", "audio", "video")]
    stop = f"{metrics.stop_latency_ms:.1f} ms" if metrics.HasField("stop_latency_ms") else figures.NOTHING
    reports = [metrics.control_report, *([record.update_report] if record.update_report else [])]
    done = list(dict.fromkeys(item for report in reports for item in figures.applied(report)))
    changed = list(dict.fromkeys(item for report in reports for item in figures.downgraded(report)))
    return (
        str(number),
        figures.outcome_word(metrics.outcome),
        *durations,
        _with_unit(figures.drift_ms(metrics)),
        stop,
        "\n".join([f"{len(done)} applied", *changed, *_degraded(metrics)]),
    )


def _degraded(metrics: converse_pb2.TurnMetrics) -> list[str]:
    """The pictures that the machine was too slow for."""
    count = metrics.degraded_frame_count
    return [f"{count} frames below full quality: {metrics.lowest_level}"] if count else []


def _with_unit(number: str) -> str:
    return number if number == figures.NOTHING else f"{number} ms"


def _outcome(record: TurnRecord) -> str:
    return figures.outcome_word(record.metrics[0].outcome) if record.metrics else "no metrics"


def _emotion_at(record: TurnRecord, pts_us: int) -> tuple[str, float]:
    """What the person feels at a moment: an update in the middle of the turn changes it."""
    update = record.plan.update
    if update is not None and record.updated_pts_us is not None and pts_us >= record.updated_pts_us:
        return update.emotion, update.intensity
    return record.plan.emotion, record.plan.intensity
