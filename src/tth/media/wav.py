"""Sound into a WAV file: mono, 16 bit, 24 kHz. Tests: tests/media/test_wav.py."""

from __future__ import annotations

import os
import wave
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from tth.model.media import SAMPLE_RATE_HZ, Pcm


class WavWriter:
    """One file; each piece of sound lies where the media clock places it, counted from the first piece.

    Use as a context manager: a normal end finishes the file, an exception throws it away.
    """

    def __init__(self, path: Path | str) -> None:
        """`path` appears when `close` succeeds, not before; an older file of that name is replaced then."""
        self._path = Path(path)
        self._part_path = self._path.with_name(self._path.name + ".part")
        self._file: wave.Wave_write | None = None
        self._end_sample = 0

    def add_pcm(self, pcm: Pcm, start_sample: int) -> None:
        """Take sound: mono, int16, 24 kHz. A hole becomes silence; an overlap is cut off at the front of the new."""
        if not len(pcm):
            return
        if self._file is None:
            self._file = wave.open(str(self._part_path), "wb")  # noqa: SIM115 - closed by `close` or `abort`
            self._file.setnchannels(1)
            self._file.setsampwidth(2)
            self._file.setframerate(SAMPLE_RATE_HZ)
            self._end_sample = start_sample
        if start_sample > self._end_sample:
            self._file.writeframes(bytes(2 * (start_sample - self._end_sample)))
            self._end_sample = start_sample
        new = pcm[self._end_sample - start_sample :]
        self._file.writeframes(np.ascontiguousarray(new, "<i2").tobytes())
        self._end_sample += len(new)

    def close(self) -> bool:
        """Finish the file and give it its name. False, and no file, when there was no sound. Idempotent."""
        if self._file is None:
            return False
        self._file.close()
        self._file = None
        os.replace(self._part_path, self._path)
        return True

    def abort(self) -> None:
        """Throw away what was written. Idempotent."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._part_path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()
