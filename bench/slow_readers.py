"""What a client gets that reads more slowly than media come: one turn of speech, JPEG pictures of the embedded face's
size, each reader with a rest behind every event, over a channel as grpc.aio makes it, over the same with reports of
what was taken, and over one with a small window.

Sound lag: how much later than the first sound, in proportion, the last one was read; what a listener would have waited.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import pairwise

import grpc

from bench.child import running
from bench.figures import Figure, Target
from bench.ready import READY
from bench.run import Run
from bench.stream import wishes
from tth.client.client import LOOKAHEAD_BYTES
from tth.v1 import converse_pb2, media_pb2, tth_service_pb2
from tth.v1.converse_pb2 import ConverseRequest, ConverseResponse
from tth.v1.tth_service_pb2_grpc import TthServiceStub

NAME = "slow_readers"
SENTENCE = "This is a sentence of some eight words. "
REPORTS = "default window and reports"
WINDOWS = {
    "default window": (),
    REPORTS: (),
    "small window": (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", LOOKAHEAD_BYTES)),
}
REPORT_S = 0.25
RESTS_MS = {"reads at once": 0, "reads 40 events a second": 25, "reads 5 events a second": 200}
TIMEOUT_S = 120.0


@dataclass
class Reader:
    """One stream that is read slowly."""

    rest_s: float
    reports: bool = False
    """It says which event it took last."""
    events: list[tuple[float, str, int]] = field(default_factory=list)
    """(when, payload, bytes)."""
    sound: list[tuple[float, int, int]] = field(default_factory=list)
    """(when, pts, duration), microseconds."""
    pictures: int = 0
    levels: list[str] = field(default_factory=list)
    metrics: converse_pb2.TurnMetrics | None = None
    ended_as: str = ""

    async def run(self, address: str, options: tuple[tuple[str, int], ...], text: str) -> None:
        async with grpc.aio.insecure_channel(address, options=options) as channel:
            stub = TthServiceStub(channel)
            request = tth_service_pb2.CreateSessionRequest(media=wishes(media_pb2.VIDEO_CODEC_JPEG))
            created = await stub.CreateSession(request, wait_for_ready=True)
            call = stub.Converse()
            said = converse_pb2.UserText(text=text, mode=converse_pb2.TEXT_MODE_SAY)
            await call.write(ConverseRequest(session_id=created.session_id, user_text=said))
            reported_s = 0.0
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    async for event in call:
                        if self._note(event, time.perf_counter()):
                            break
                        if self.reports and time.perf_counter() >= reported_s + REPORT_S:
                            reported_s = time.perf_counter()
                            position = converse_pb2.PlaybackPosition(last_seq=event.seq)
                            report = converse_pb2.PlaybackReport(position=position)
                            try:
                                await call.write(ConverseRequest(playback_report=report))
                            except grpc.aio.AioRpcError:  # the server has ended the stream; its reason comes last
                                self.reports = False
                        if self.rest_s:
                            await asyncio.sleep(self.rest_s)
            except grpc.aio.AioRpcError as error:
                self.ended_as = (error.details() or "").partition(":")[0]
            except TimeoutError:
                self.ended_as = "did not end"
            call.cancel()

    def _note(self, event: ConverseResponse, now_s: float) -> bool:
        """True: the turn has ended."""
        name = event.WhichOneof("payload") or ""
        self.events.append((now_s, name, event.ByteSize()))
        match name:
            case "audio_chunk":
                chunk = event.audio_chunk
                self.sound.append((now_s, chunk.pts_us, chunk.duration_us))
            case "video_frame":
                self.pictures += bool(event.turn_id)
            case "degraded_mode":
                self.levels.append(event.degraded_mode.level)
            case "turn_metrics":
                self.metrics = event.turn_metrics
            case "turn_complete" | "turn_stopped":
                self.ended_as = name
                return True
            case _:
                pass
        return False

    def figures(self, name: str) -> list[Figure]:
        holes = sum(abs(a[1] + a[2] - b[1]) > 1 for a, b in pairwise(self.sound))
        first_s, first_us, _ = self.sound[0]
        lag_s = max((at_s - first_s) - (pts_us - first_us) / 1e6 for at_s, pts_us, _ in self.sound)
        heard_s = sum(duration_us for _, _, duration_us in self.sound) / 1e6
        told = " ".join(self.levels) or "nothing told"
        return [
            Figure(NAME, f"{name}: holes in the sound ({self.ended_as})", "", holes, 1, target=Target(0.0)),
            Figure(NAME, f"{name}: sound read", "s", heard_s, len(self.sound)),
            Figure(NAME, f"{name}: sound lag, longest", "s", max(0.0, lag_s), len(self.sound)),
            Figure(NAME, f"{name}: pictures a second of sound ({told})", "", self.pictures / heard_s, self.pictures),
        ]


async def measure(run: Run) -> list[Figure]:
    """All readers at once."""
    text = SENTENCE * run.count(16, 3)
    async with running("bench.serve", READY) as child:
        readers = {
            f"{window}, {pace}": (Reader(rest_ms / 1000, reports=window == REPORTS), options)
            for window, options in WINDOWS.items()
            for pace, rest_ms in RESTS_MS.items()
        }
        async with asyncio.TaskGroup() as group:
            for reader, options in readers.values():
                group.create_task(reader.run(child.address, options, text))
    return [figure for name, (reader, _) in readers.items() for figure in reader.figures(name)]
