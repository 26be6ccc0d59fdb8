"""How long each wait of a turn may take. A breach has one stated consequence: the turn fails with AdapterTimeout (no
first output) or AdapterSilent (output stopped); for the avatar the turn goes on in sound alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budgets:
    """Milliseconds, all > 0."""

    llm_first_text_ms: int = 15_000
    """From the question to the first piece of the reply."""
    tts_first_chunk_ms: int = 8_000
    """From a clause to its first sound."""
    avatar_first_frame_ms: int = 8_000
    """From the first sound to its picture."""
    silence_ms: int = 8_000
    """Between two outputs of any stage that has begun."""
    moderation_ms: int = 3_000
    """For the moderator to look at one text."""
    turn_ms: int = 600_000
    """The whole turn, playing time included and the time it was held not."""
    pause_ms: int = 60_000
    """Held, until somebody lets it go on; then it is stopped as EXPIRED."""
