"""A .env file: one NAME=value a line. Its values count as environment, one step weaker. Tests: test_dotenv.py."""

from __future__ import annotations

import re
from pathlib import Path

from tth.config.tree import Scalar
from tth.errors import ConfigProblem

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"""(?P<mark>["'])(?P<text>.*)(?P=mark)\s*(#.*)?""")
_COMMENT = re.compile(r"(^|\s+)#.*")


def read_dotenv(path: Path, problems: list[ConfigProblem]) -> dict[str, Scalar]:
    """The values of a .env file; nothing if there is none. Empty values are left out: they say nothing.

    Blank lines, comments, `export` and quotes are understood; nothing is expanded. A line of another form is a
    problem, named by its number only: it may hold a secret.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        problems.append(ConfigProblem(path.name, "", f"cannot be read: {reason}"))
        return {}
    values: dict[str, Scalar] = {}
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        where = f"{path.name}:{number}"
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(ConfigProblem(where, "", "must be NAME=value"))
            continue
        quoted = _QUOTED.fullmatch(match["value"])
        text = quoted["text"] if quoted else _COMMENT.sub("", match["value"]).strip()
        if text:
            values[match["name"]] = Scalar(text, where, from_environment=True)
    return values
