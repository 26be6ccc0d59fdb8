"""espeak-ng's C library, called from Python. Only the worker process imports this: the library keeps its state in
globals, is under the GPL-3, and would take the server down with it.

The structures follow espeak-ng 1.52, src/include/espeak-ng/speak_lib.h. Tests: tests/adapters/tts/test_espeak.py.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

SYNCHRONOUS = 2
"""espeak_AUDIO_OUTPUT: sound comes by the callback, inside espeak_Synth."""
PHONEME_EVENTS, PHONEMES_AS_IPA, DO_NOT_EXIT = 0x0001, 0x0002, 0x8000
UTF8 = 1
"""espeak_Synth's only flag here: neither SSML (0x10) nor [[phonemes]] (0x100) are interpreted."""
BUFFER_MS = 200
RATE, PITCH, RANGE = 1, 3, 4
EVENT_END, EVENT_WORD, EVENT_PHONEME = 0, 1, 7
SEED = 1
"""Of the noise in fricatives and breath; any number will do."""
VOICE_NAMES = {"en-gb": "en"}
"""Languages whose voice goes by another name."""


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class UnknownVoice(Exception):
    """espeak has no such language or variant."""


@dataclass(frozen=True, slots=True)
class Event:
    """A word or a speech sound begins."""

    sample: int
    ipa: str | None
    """None: a word begins. "": a pause, or nothing that has a name."""
    position: int = 0
    """Of a word: its code point in the text, from 0; rough inside numbers."""


@dataclass(frozen=True, slots=True)
class Raw:
    """What espeak made of a text: int16, shape (n,), mono at its own rate, and its events in order."""

    pcm: NDArray[np.int16]
    rate_hz: int
    events: tuple[Event, ...]


class Library:
    """One loaded copy of the library, good for one clause.

    What espeak says depends on what it said before (phases, noise, flutter). A fresh copy (0.5 ms) makes the same
    clause the same sound, and nothing of one conversation can reach the next. Close it before loading another.
    """

    def __init__(self, data: Path | None = None) -> None:
        """data: espeak's folder of languages and voices; None = the wheel's own."""
        data = data or Path(espeakng_loader.get_data_path())
        # The library holds paths in 160 bytes; a relative one always fits, wherever Python is installed.
        os.chdir(data.parent)
        self._variants = data / "voices" / "!v"
        self._lib = ctypes.CDLL(espeakng_loader.get_library_path())
        flags = PHONEME_EVENTS | PHONEMES_AS_IPA | DO_NOT_EXIT
        self.rate_hz = int(self._lib.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, b".", flags))
        if self.rate_hz <= 0:
            raise OSError("espeak-ng does not start")
        self._lib.espeak_ng_SetRandSeed(SEED)  # it has just taken the time of day for one

    def close(self) -> None:
        """Unload the copy. It must not be used any more."""
        self._lib.espeak_Terminate()
        if sys.platform == "win32":
            _ctypes.FreeLibrary(self._lib._handle)
        else:
            _ctypes.dlclose(self._lib._handle)

    def speak(
        self, text: str, voice: str, rate_wpm: int, pitch: int, pitch_range: int, is_cancelled: Callable[[], bool]
    ) -> Raw:
        """Speak a text; blocks until done, or stops early when `is_cancelled` says so.

        Raises UnknownVoice.
        """
        self._set_voice(voice)
        for parameter, value in ((RATE, rate_wpm), (PITCH, pitch), (RANGE, pitch_range)):
            self._lib.espeak_SetParameter(parameter, value, 0)
        pieces: list[NDArray[np.int16]] = []
        events: list[Event] = []

        def receive(wave: ctypes._Pointer[ctypes.c_short], count: int, array: ctypes._Pointer[_Event]) -> int:
            if wave and count > 0:
                pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
            events.extend(_read_events(array))
            return int(is_cancelled())

        callback = _Callback(receive)
        self._lib.espeak_SetSynthCallback(callback)
        data = text.encode()
        self._lib.espeak_Synth(data, len(data) + 1, 0, 0, 0, UTF8, None, None)
        self._lib.espeak_Synchronize()
        return Raw(np.concatenate(pieces) if pieces else np.zeros(0, np.int16), self.rate_hz, tuple(events))

    def _set_voice(self, voice: str) -> None:
        """espeak takes an unknown variant for none; here it is an error."""
        language, plus, variant = voice.partition("+")
        if plus and variant not in {path.name for path in self._variants.iterdir()}:
            raise UnknownVoice
        name = VOICE_NAMES.get(language, language) + plus + variant
        if self._lib.espeak_SetVoiceByName(name.encode()) != 0:
            raise UnknownVoice


def _read_events(array: ctypes._Pointer[_Event]) -> list[Event]:
    """The words and speech sounds of one callback's events; the array ends with an event of its own."""
    found: list[Event] = []
    index = 0
    while (raw := array[index]).type != EVENT_END:
        if raw.type == EVENT_WORD:
            found.append(Event(raw.sample, None, raw.text_position - 1))
        elif raw.type == EVENT_PHONEME:
            # Eight bytes, cut off without regard to characters.
            found.append(Event(raw.sample, bytes(raw.id.string).decode("utf-8", "ignore")))
        index += 1
    return found
