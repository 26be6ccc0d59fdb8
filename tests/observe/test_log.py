"""Log lines."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tth.observe.log import JsonFormatter, LineFormatter, configure

pytestmark = pytest.mark.unit


@pytest.fixture
def own_logger() -> Iterator[None]:
    """Gives the logger back as it was: other tests listen to it."""
    logger = logging.getLogger("tth")
    handlers, level, propagate = list(logger.handlers), logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = handlers, propagate
    logger.setLevel(level)


def record(**extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"name": "tth.test", "levelno": logging.INFO, "levelname": "INFO", "msg": "turn ended", "created": 0.5}
    )
    vars(made).update(extra)
    return made


def test_line_has_message_and_fields() -> None:
    """The message stays fixed, what varies stands behind it as key=value."""
    line = LineFormatter().format(record(session="s_1", outcome="completed"))
    assert line == "1970-01-01T00:00:00.500Z INFO tth.test: turn ended session=s_1 outcome=completed"


def test_json_line_is_one_object() -> None:
    """The same facts for a machine."""
    entry = json.loads(JsonFormatter().format(record(session="s_1")))
    assert (entry["message"], entry["session"], entry["level"]) == ("turn ended", "s_1", "info")


@pytest.mark.usefixtures("own_logger")
def test_configure_twice_writes_once() -> None:
    """A program may configure again without doubling its lines; lines below the level are left out."""
    stream = io.StringIO()
    configure("info", stream=stream)
    configure("info", stream=stream)
    logging.getLogger("tth.test").info("hello")
    logging.getLogger("tth.test").debug("hidden")
    assert stream.getvalue().count("hello") == 1
    assert "hidden" not in stream.getvalue()
