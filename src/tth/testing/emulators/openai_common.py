"""What all of OpenAI's interfaces share: keys, refusals, and the shape of an error.

Tests: tests/testing/emulators/test_openai_chat.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tth.testing.emulators.faults import Fault, FaultKind
from tth.testing.emulators.server import Emulator

MODELS = (
    *("gpt-6-astra", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-sol", "gpt-6-luna", "gpt-5.6-sol", "gpt-5.6-terra"),
    *("gpt-5.6-luna", "gpt-5.5", "gpt-5.4", "gpt-5.4-mini", "gpt-5", "gpt-5-mini", "gpt-4o", "gpt-4o-mini"),
    *("gpt-realtime-2", "gpt-realtime", "gpt-realtime-mini", "gpt-4o-mini-tts", "tts-1", "tts-1-hd"),
)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
CREATED = 1_795_168_800
"""Unix time of every answer: the same request gives the same answer."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a request."""

    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error as every interface writes it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def refused(problem: Problem) -> web.Response:
    """A request that is wrong."""
    body = error_body(problem.message, "invalid_request_error", problem.param, problem.code)
    return _answer(problem.status, body)


def refusal_of(emulator: Emulator, request: web.Request, fault: Fault | None) -> web.Response | None:
    """Why this request is not looked at: its key, or a fault before the first byte; None when it is."""
    if fault is not None and fault.kind in _REFUSALS:
        return _fault_answer(fault)
    if request.headers.get("authorization", "") != f"Bearer {emulator.key}":
        return refused(Problem("Incorrect API key provided.", None, "invalid_api_key", 401))
    return None


def json_problem(body: Any) -> Problem | None:
    """A body that is no JSON object."""
    if isinstance(body, dict):
        return None
    return Problem("We could not parse the JSON body of your request.")


def unknown_field(body: Mapping[str, Any], known: frozenset[str]) -> Problem | None:
    """A field that the interface does not have, or a null where a value belongs."""
    for name, value in body.items():
        if name not in known:
            return Problem(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        if value is None:
            return Problem(f"Invalid type for '{name}': got null instead.", name, "invalid_type")
    return None


def is_reasoning(model: str) -> bool:
    """Models that think, and refuse sampling parameters while they do."""
    return model.startswith(("gpt-5", "gpt-6", "o1", "o3", "o4"))


def model_problem(model: Any) -> Problem | None:
    """A model that is missing or unknown."""
    if not isinstance(model, str) or not model:
        return Problem("you must provide a model parameter")
    if model not in MODELS:
        return Problem(f"The model `{model}` does not exist or you do not have access to it.", None, _NO_MODEL, 404)
    return None


def models_answer(names: tuple[str, ...] = MODELS) -> web.Response:
    """GET /models."""
    found = [{"id": name, "object": "model", "created": CREATED, "owned_by": "openai"} for name in names]
    return _answer(200, {"object": "list", "data": found})


def response_headers() -> dict[str, str]:
    """What every answer carries."""
    return {"x-request-id": f"req_{secrets.token_hex(8)}", "openai-processing-ms": "12", "openai-version": "2020-10-01"}


_NO_MODEL = "model_not_found"
_REFUSALS: Mapping[FaultKind, tuple[int, str, str | None]] = {
    FaultKind.REFUSED_KEY: (401, "invalid_request_error", "invalid_api_key"),
    FaultKind.NO_PERMISSION: (403, "invalid_request_error", "unsupported_country_region_territory"),
    FaultKind.NO_QUOTA: (429, "insufficient_quota", "insufficient_quota"),
    FaultKind.RATE_LIMITED: (429, "requests", "rate_limit_exceeded"),
    FaultKind.MODEL_NOT_FOUND: (404, "invalid_request_error", _NO_MODEL),
    FaultKind.SERVER_ERROR: (500, "server_error", None),
    FaultKind.OVERLOADED: (503, "service_unavailable_error", "server_is_overloaded"),
    FaultKind.HTML_ERROR: (502, "", None),
}
_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def _fault_answer(fault: Fault) -> web.Response:
    status, kind, code = _REFUSALS[fault.kind]
    waits = {} if fault.retry_after_s is None else {"retry-after": f"{fault.retry_after_s:g}"}
    if fault.kind is FaultKind.HTML_ERROR:
        return web.Response(status=status, text=_PAGE, content_type="text/html", headers=waits)
    return _answer(status, error_body("The request was refused by the emulator.", kind, None, code), waits)


def _answer(status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response(body, status=status, headers={**response_headers(), **(headers or {})})
