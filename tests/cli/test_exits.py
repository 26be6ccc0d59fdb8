"""Which failure has which exit code, and how it is said."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from tth.cli import exits
from tth.client import TthRpcError
from tth.client.errors import unreachable
from tth.errors import AdapterUnavailable, ConfigError, ConfigProblem

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exits.CommandFailed("no"), 1),
        (exits.CommandFailed("no", exits.USAGE), 2),
        (ConfigError(), 2),
        (unreachable("localhost:1", 1, ""), 3),
        (TthRpcError(grpc.StatusCode.INVALID_ARGUMENT, "TEXT_EMPTY", "empty"), 4),
        (TthRpcError(grpc.StatusCode.UNAVAILABLE, "DRAINING", "going away"), 1),
        (AdapterUnavailable("no voice"), 1),
        (OSError("disk full"), 1),
        (ZeroDivisionError(), None),
    ],
)
def test_each_failure_has_its_code(error: Exception, code: int | None) -> None:
    """A bug has none: its traceback is wanted."""
    assert exits.code_of(error) == code


def test_an_expected_failure_is_one_message_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a traceback, with every problem of a configuration."""

    def fail() -> int:
        raise ConfigError(problems=(ConfigProblem("a.yaml:3", "server.port", "must be 0..65535"),))

    assert exits.guarded(fail) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "tth: the configuration is not usable\n  a.yaml:3: server.port: must be 0..65535\n"


def test_a_bug_keeps_its_traceback() -> None:
    """It is not dressed up as a failure of the user."""

    def fail() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        exits.guarded(fail)


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError])
def test_ctrl_c_is_130(error: type[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    """Quietly."""

    def fail() -> int:
        raise error

    assert exits.guarded(fail) == 130
    assert capsys.readouterr().err == ""


def test_the_result_of_a_command_is_its_code() -> None:
    """When nothing fails."""
    assert exits.guarded(lambda: 1) == 1


def test_the_help_names_every_code() -> None:
    """People look there."""
    codes = (exits.OK, exits.FAILED, exits.USAGE, exits.UNREACHABLE, exits.REFUSED, exits.INTERRUPTED)
    assert all(f"  {code}  " in exits.HELP for code in codes)
