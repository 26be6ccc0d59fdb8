"""What the tools that write tables of keys into a document share."""

from __future__ import annotations

import ast
import dataclasses
import inspect


def meanings(kind: type) -> dict[str, str]:
    """The docstring under each field of a dataclass, also of those that it inherits."""
    found: dict[str, str] = {}
    for one in [kind for kind in reversed(kind.__mro__) if dataclasses.is_dataclass(kind)]:
        body = ast.parse(inspect.getsource(one)).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, [*body.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                assert isinstance(field.target, ast.Name)
                found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def between(document: str, begin: str, end: str, text: str) -> str:
    """The document with what stands between two marks replaced."""
    before, _, rest = document.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{text}\n{end}{after}"
