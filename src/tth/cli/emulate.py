"""Stand in for a provider on this machine: the real protocol, the embedded voice, an answering model, and faults on
request. For developing without keys. Needs `pip install 'tth[emulate]'`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tth.cli import exits

FIRST_BYTE_MS, WORD_MS = 200.0, 20.0
"""How long an emulated model thinks, and between two of its words: about what good ones need."""

if TYPE_CHECKING:
    from tth.adapters.base import Role
    from tth.cli.terminal import Terminal
    from tth.testing.emulators.catalogue import Stand
    from tth.testing.emulators.server import Emulator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `tth emulate`."""
    parser.add_argument("name", help="which provider: openai, anthropic, ...; a wrong name lists them")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default this machine only")
    parser.add_argument("--port", type=int, help="port to listen on, 0 takes a free one; each provider has its own")
    parser.add_argument("--key", default="test-key", help="the only key that is accepted; default test-key")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KIND",
        help="what goes wrong with the next request; several: with the one after it. A wrong kind lists them",
    )
    parser.add_argument("--first-byte-ms", type=float, default=FIRST_BYTE_MS, help="how long it thinks; default 200")
    parser.add_argument("--word-ms", type=float, default=WORD_MS, help="between two words of an answer; default 20")
    parser.add_argument("--echo", action="store_true", help="repeat what was said, in place of the embedded talker")


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped. Raises CommandFailed for a name or fault that is unknown."""
    from tth.cli.terminal import Terminal

    stands = _stands()
    from tth.testing.emulators.faults import FaultKind

    stand = stands.get(arguments.name)
    if stand is None:
        message = f'unknown provider "{arguments.name}"; known: {", ".join(stands)}'
        raise exits.CommandFailed(message, exits.USAGE)
    unknown = [kind for kind in arguments.fault if kind not in list(FaultKind)]
    if unknown:
        message = f'unknown fault "{unknown[0]}"; known: {", ".join(FaultKind)}'
        raise exits.CommandFailed(message, exits.USAGE)
    emulator = _made(
        stand, arguments.key, first_byte_ms=arguments.first_byte_ms, word_ms=arguments.word_ms, echo=arguments.echo
    )
    emulator.faults.add(*(FaultKind(kind) for kind in arguments.fault))
    port = stand.port if arguments.port is None else arguments.port
    asyncio.run(_serve(emulator, stand, arguments.host, port, Terminal()))
    return exits.OK


def _stands() -> Mapping[str, Stand]:
    """By name. Raises CommandFailed when what emulators need is not installed."""
    try:
        from tth.testing.emulators.catalogue import STANDS
    except ImportError as error:
        raise exits.CommandFailed(f"{error}; pip install 'tth[emulate]' brings it", exits.USAGE) from None
    return STANDS


@dataclass(frozen=True, slots=True)
class StandIns:
    """What leads a server to them."""

    settings: Mapping[str, str]
    """Key path -> value."""
    variables: Mapping[str, str]
    """Of the environment: keys."""


def _made(
    stand: Stand, key: str, *, first_byte_ms: float = FIRST_BYTE_MS, word_ms: float = WORD_MS, echo: bool = False
) -> Emulator:
    from tth.adapters.base import LanguageModel, Role, Voice
    from tth.config.wiring import builtin_registry
    from tth.testing.emulators.speech import VoiceSpeech
    from tth.testing.emulators.talker import ModelTalker, TalkingEmulator

    registry = builtin_registry()

    def embedded(role: Role, name: str) -> object:
        spec = registry.find(role, name)
        assert spec is not None
        return spec.build(spec.settings_type()())

    voice, model = embedded(Role.TTS, "espeak"), embedded(Role.LLM, "persona_talker")
    assert isinstance(voice, Voice)
    assert isinstance(model, LanguageModel)
    made = stand.make(key=key, first_byte_s=first_byte_ms / 1000, speech=VoiceSpeech(voice))
    if isinstance(made, TalkingEmulator):
        made.word_s = word_ms / 1000
        if not echo:
            made.talker = ModelTalker(model)
    return made


def placeholder_keys(key: str = "test-key") -> dict[str, str]:
    """Environment variables: a key for every provider that can be emulated. Raises as `stand_ins` does."""
    return {stand.key_variable: key for stand in _stands().values()}


@asynccontextmanager
async def stand_ins(cast: Collection[tuple[Role, str]], key: str = "test-key") -> AsyncIterator[StandIns]:
    """Emulators, in this process, of every provider that these adapters ask; as long as the block lasts.

    cast: role and name of each adapter. Raises CommandFailed when what emulators need is not installed.
    """
    settings: dict[str, str] = {}
    variables: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        for stand in _stands().values():
            if any(adapter in stand.paths for adapter in cast):
                emulator = await stack.enter_async_context(_made(stand, key).running())
                settings |= stand.settings_for(emulator.url)
                variables[stand.key_variable] = key
        yield StandIns(settings, variables)


async def _serve(emulator: Emulator, stand: Stand, host: str, port: int, terminal: Terminal) -> None:
    await emulator.start(host, port)
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    try:
        _explain(emulator, stand, terminal)
        await stop.wait()
    finally:
        await emulator.aclose()


def _explain(emulator: Emulator, stand: Stand, terminal: Terminal) -> None:
    """Where it is and how to point TTH at it; each block can be pasted into a shell."""
    terminal.line(f"{stand.name} at {emulator.url}, key {emulator.key}; Ctrl-C ends it")
    terminal.line()
    terminal.line("# what leads TTH's adapters here:")
    terminal.line(f"export {stand.key_variable}={emulator.key}")
    for path, value in stand.settings_for(emulator.url).items():
        terminal.line(f"export TTH_{path.upper().replace('.', '__')}={value}")
    terminal.line()
    terminal.line("# one of them in use:")
    for role, name in stand.paths:
        terminal.line(f"tth serve --set roles.{role}.adapter={name}")
    terminal.line()
    terminal.line("# what goes wrong with the next requests:")
    fault = '[{"kind": "rate_limited", "retry_after_s": 1}]'
    terminal.line(f"curl {emulator.url}/_emulator/faults -d '{fault}'")
