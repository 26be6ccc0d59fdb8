"""Names of things: short, readable, unguessable where that matters."""

from __future__ import annotations

import secrets
from typing import NewType

SessionId = NewType("SessionId", str)
"""`s_` and 20 base32 characters (100 bits): who knows it may use the session."""
TurnId = NewType("TurnId", str)
"""`t_` and the turn's index, or whatever the client chose; unique within its session."""
JobId = NewType("JobId", str)
"""`j_` and 20 base32 characters."""
Generation = NewType("Generation", int)
"""Raised by one with every stop; anything that carries an older one is dropped wherever it is met."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def _random(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(20))


def new_session_id() -> SessionId:
    """A fresh, unguessable session id."""
    return SessionId(_random("s_"))


def log_name(session_id: str) -> str:
    """Enough of a session's id to join log lines, too little to use the session."""
    return session_id[:8]


def new_job_id() -> JobId:
    """A fresh, unguessable job id."""
    return JobId(_random("j_"))
