"""Which HTTP path is which call of the contract: the table that the gateway answers by, and that its OpenAPI document
(`tools/openapi_document.py`) is made from. Values only. Tests: tests/gateway/test_rest.py.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """One call. A path's `{name}` is the field of that name; what is in neither path nor body comes in the query."""

    verb: str
    path: str
    call: str
    has_body: bool = False


ROUTES: tuple[Route, ...] = (
    Route("POST", "/v1/sessions", "CreateSession", has_body=True),
    Route("GET", "/v1/sessions/{session_id}", "GetSession"),
    Route("DELETE", "/v1/sessions/{session_id}", "EndSession"),
    Route("POST", "/v1/generate", "Generate", has_body=True),
    Route("GET", "/v1/jobs/{job_id}", "GetJob"),
    Route("DELETE", "/v1/jobs/{job_id}", "CancelJob"),
    Route("GET", "/v1/models", "ListModels"),
    Route("GET", "/v1/health", "Health"),
)
"""Calls with one question and one answer."""
STREAM_PATH = "/v1/sessions/{session_id}/stream"
"""Converse, as a WebSocket."""
ARTIFACT_PATH = "/v1/jobs/{job_id}/artifact"
"""DownloadArtifact, as a file."""
LOOK_PATH = "/v1/looks/{look}.glb"
OPENAPI_PATH = "/openapi.json"
