"""May a turn be asked for so? One set of rules for conversation and batch. Tests: tests/session/test_order_rules.py."""

from __future__ import annotations

from tth.adapters.registry import Adapters
from tth.core.text_rules import check_language, check_text, nothing_to_speak
from tth.errors import Conflict
from tth.model.commands import UserText
from tth.model.events import TextMode
from tth.session.control_layers import check_patch
from tth.session.engine import Engine


def check_order(order: UserText, engine: Engine) -> None:
    """A text that begins a turn, whole or the first of its parts.

    Raises InvalidRequest that names the field, or Conflict when the server has nobody for this mode.
    """
    check_text(order.text, engine.max_text_code_points, is_part=order.partial)
    if order.mode is TextMode.SAY and not order.partial and (error := nothing_to_speak(order.text)):
        raise error
    check_language(order.language_code, "user_text.language_code")
    check_patch(order.controls, engine.personas, engine.adapters.backgrounds, "user_text.controls")
    _check_mode(order.mode, engine.adapters)


def _check_mode(mode: TextMode, adapters: Adapters) -> None:
    if mode is TextMode.TALK and adapters.llm is None and adapters.realtime is None:
        raise Conflict("user_text.mode: TALK needs a language model, this server has none; use SAY", "NO_LLM")
    if mode is TextMode.SAY and adapters.tts is None:
        raise Conflict("user_text.mode: SAY needs a voice, this server has a realtime model only", "NO_TTS")
