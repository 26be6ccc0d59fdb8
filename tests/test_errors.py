"""The tree of errors and its catalogue: every reason that can reach a caller is explained, and none that cannot."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc
import pytest

from tth import errors
from tth.errors import StatusCode, TTHError

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[1]
CATALOGUE = ROOT / "docs" / "errors.md"
REASON = re.compile(r"(?!\w*_API_KEY$)(?:[A-Z]{4,}(_[A-Z]+)*|[A-Z]+(_[A-Z]+)+)")
"""Words in capitals that are no variable with a provider's key."""
ROW = re.compile(r"^\| `(?P<reason>[A-Z0-9_]+)` \| (?P<scope>[a-z_, ]+) \| (?P<codes>[A-Z_, ]+|–) \|", re.MULTILINE)
SCOPES = {"status", "message", "turn", "go_away", "degraded_mode", "client", "gateway"}
NO_REASONS = {"FRAMING", "CONFIG", "EMOTION_LABEL", "IDLE_MODE", "LATENCY_MODE", "VIDEO_CODEC", "LATIN", "NFKC"}
NO_REASONS |= {"NFKD", "POST", "FLAC", "DELETE", "DENY", "TCP_NOTSENT_LOWAT"}
"""Other words in capitals: CONFIG never reaches the wire, the rest are prefixes of enums, names of Unicode's, of HTTP's
and of formats."""
PACKAGES = ("adapters", "control", "core", "media", "pipeline", "server", "session", "client", "gateway")
"""Where reasons are given; the rest of the source speaks to people."""


def _classes() -> dict[str, type[TTHError]]:
    return {name: made for name, made in vars(errors).items() if isinstance(made, type) and issubclass(made, TTHError)}


def _reasons_in(tree: ast.AST) -> Iterator[str]:
    """Words in capitals that are handed to a call, stand in a mapping, are a class's own reason or a constant."""
    given: Sequence[ast.expr | None]
    for node in ast.walk(tree):
        match node:
            case ast.Call():
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
            case ast.Dict():
                given = node.values
            case ast.AnnAssign(target=ast.Name(id="reason"), value=ast.expr()):
                given = [node.value]
            case ast.Assign(targets=[ast.Name()]):
                given = [node.value]
            case _:
                given = []
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and REASON.fullmatch(value.value):
                yield value.value


def _source_reasons() -> set[str]:
    source = ROOT / "src" / "tth"
    paths = [source / "errors.py", *(path for package in PACKAGES for path in (source / package).rglob("*.py"))]
    return {reason for path in paths for reason in _reasons_in(ast.parse(path.read_text("utf-8"), str(path)))}


def _rows() -> dict[str, re.Match[str]]:
    return {row["reason"]: row for row in ROW.finditer(CATALOGUE.read_text("utf-8"))}


def test_the_catalogue_is_complete() -> None:
    """Each reason in the source has its row, and each row its reason in the source."""
    source, rows = _source_reasons() - NO_REASONS, set(_rows())
    assert sorted(source - rows) == []
    assert sorted(rows - source) == []


def test_rows_are_well_formed() -> None:
    """Known scopes, known codes, in alphabetical order, each once."""
    text = CATALOGUE.read_text("utf-8")
    names = [row["reason"] for row in ROW.finditer(text)]
    assert names == sorted(set(names))
    catalogue = text.partition("## Catalogue")[2]
    assert len(names) == len(re.findall(r"^\| `", catalogue, re.MULTILINE))
    for row in _rows().values():
        assert set(row["scope"].split(", ")) <= SCOPES, row["reason"]
        codes = set(row["codes"].split(", ")) - {"–"}
        assert codes <= {code.name for code in grpc.StatusCode}, row["reason"]
        assert len(row["reason"]) <= 63


def test_default_reasons_have_the_code_of_their_class() -> None:
    """The catalogue says the same as the tree."""
    rows = _rows()
    for made in _classes().values():
        error = made(message="x")
        if error.reason and error.reason != "CONFIG":
            assert error.code.name in rows[error.reason]["codes"].split(", "), error.reason


def test_our_codes_are_googles() -> None:
    """Numbers and names of google.rpc.Code, so that a number in an event means what a status means."""
    for code in StatusCode:
        assert grpc.StatusCode[code.name].value[0] == code.value


def test_an_error_names_the_field_and_not_the_value() -> None:
    """`invalid_field` puts the allowed range into message and violation alike."""
    error = errors.invalid_field("a.b", "1..2")
    assert error.message == "a.b: must be 1..2"
    assert [(violation.field, violation.allowed) for violation in error.violations] == [("a.b", "1..2")]
    assert str(error) == "INVALID_REQUEST: a.b: must be 1..2"


def test_incidents_differ() -> None:
    """Each bug has an id of its own; its text is always the same."""
    first, second = errors.InternalError(), errors.InternalError()
    assert first.metadata["incident"] != second.metadata["incident"]
    assert first.message == second.message == "internal error"


def test_configuration_problems_are_told_all_at_once() -> None:
    """One line each, with place and key."""
    problems = (errors.ConfigProblem("a.yaml:3", "server.port", "0..65535"), errors.ConfigProblem("b.yaml", "", "no"))
    assert str(errors.ConfigError(problems=problems)).splitlines()[1:] == [
        "  a.yaml:3: server.port: 0..65535",
        "  b.yaml: no",
    ]
