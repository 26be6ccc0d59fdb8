"""Write the table of every key of a look into docs/looks.md: `python -m tools.look_reference`.

The table is made from the look's own types, ranges and docstrings; tests/face/test_look.py fails when the document is
behind.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.reference import between, meanings
from tth.face.look import SECTIONS, Look, list_sculpted_looks

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "looks.md"
LOOKS_DIR = ROOT / "src" / "tth" / "face" / "looks"
BEGIN, END = "<!-- keys: tools/look_reference.py -->", "<!-- end of keys -->"


def reference() -> str:
    """Who there is, and all keys, as Markdown."""
    lines = ["## People", "", "| name | who |", "|---|---|"]
    for name in list_sculpted_looks():
        first = (LOOKS_DIR / f"{name}.yaml").read_text("utf-8").splitlines()[0]
        who = first.partition(": ")[2].partition(" Keys, units")[0]
        lines.append(f"| `{name}` | {who} |")
    lines += [
        "",
        "## Keys",
        "",
        "`seed` (0..65535, default 1) chooses the random detail: hairs, pores, fibres of the iris.",
        "",
    ]
    default = Look()
    for name, kind in SECTIONS.items():
        texts = meanings(kind)
        lines += [f"### `{name}`", "", str(kind.__doc__).strip(), ""]
        lines += ["| key | default | allowed | meaning |", "|---|---|---|---|"]
        for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # every section is a dataclass
            value = getattr(getattr(default, name), field.name)
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"| `{field.name}` | `{shown}` | {_allowed(field.metadata)} | {texts[field.name]} |")
        lines.append("")
    return "\n".join(lines)


def _allowed(rule: Mapping[Any, Any]) -> str:
    if "range" in rule:
        low, high = rule["range"]
        return f"{low:g}..{high:g}"
    return ", ".join(rule["choices"]) if "choices" in rule else "[red, green, blue], 0..255 each"


def written(document: str) -> str:
    """The document with the tables as they should be."""
    return between(document, BEGIN, END, reference())


def main() -> int:
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
