"""Write the contract's tables into docs/protocol.md: `make proto` does it.

The tables are made from the .proto files' own declarations and comments, as `buf build` puts them into an image
(build/tth.binpb); `make proto-check` fails when the document is behind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)

from tools.reference import between

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "protocol.md"
IMAGE = ROOT / "build" / "tth.binpb"
BEGIN, END = "<!-- contract: tools/protocol_reference.py -->", "<!-- end of contract -->"
PACKAGE = "tth.v1"
FILES = ("tth_service", "converse", "controls", "media", "errors")
"""In the order in which a reader wants them."""

_Place = tuple[int, ...]
"""Of a declaration in a file: field numbers of the descriptors and indexes, in turns (descriptor.proto, Location)."""
_PACKAGE, _MESSAGES, _ENUMS, _SERVICES = 2, 4, 5, 6  # of FileDescriptorProto
_FIELDS, _NESTED, _NESTED_ENUMS = 2, 3, 4  # of DescriptorProto
_VALUES = _METHODS = 2  # of EnumDescriptorProto and of ServiceDescriptorProto


def reference(image: FileDescriptorSet) -> str:
    """Every call, message and enum of the contract, as Markdown."""
    files = {file.name: file for file in image.file}
    lines: list[str] = []
    for name in FILES:
        lines += _FileTables(files[f"tth/v1/{name}.proto"]).lines()
    return "\n".join(lines)


class _FileTables:
    """The tables of one file."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self.file = file
        self.comments = {
            tuple(place.path): _paragraphs(place.leading_comments) for place in file.source_code_info.location
        }

    def lines(self) -> Iterator[str]:
        yield from (f"### {self.file.name}", "", *self._text((_PACKAGE,)))
        for index, service in enumerate(self.file.service):
            yield from self._service(service, (_SERVICES, index))
        for index, message in enumerate(self.file.message_type):
            yield from self._message(message, (_MESSAGES, index), "")
        for index, enum in enumerate(self.file.enum_type):
            yield from self._enum(enum, (_ENUMS, index), "")

    def _service(self, service: ServiceDescriptorProto, path: _Place) -> Iterator[str]:
        yield from (f"#### {service.name}", "", *self._text(path))
        yield from _table(
            ("call", "takes", "gives", "meaning"),
            (
                (
                    f"`{method.name}`",
                    ("stream of " if method.client_streaming else "") + _link(method.input_type),
                    ("stream of " if method.server_streaming else "") + _link(method.output_type),
                    self._comment((*path, _METHODS, index)),
                )
                for index, method in enumerate(service.method)
            ),
        )

    def _message(self, message: DescriptorProto, path: _Place, parent: str) -> Iterator[str]:
        if message.options.map_entry:
            return
        name = parent + message.name
        yield from (f"#### {name}", "", *self._text(path))
        if message.field:
            yield from _table(
                ("no.", "field", "type", "meaning"),
                (
                    (
                        str(field.number),
                        f"`{field.name}`",
                        _type(field, message),
                        self._comment((*path, _FIELDS, index)),
                    )
                    for index, field in enumerate(message.field)
                ),
            )
        else:
            yield from ("No fields.", "")
        for index, nested in enumerate(message.nested_type):
            yield from self._message(nested, (*path, _NESTED, index), f"{name}.")
        for index, enum in enumerate(message.enum_type):
            yield from self._enum(enum, (*path, _NESTED_ENUMS, index), f"{name}.")

    def _enum(self, enum: EnumDescriptorProto, path: _Place, parent: str) -> Iterator[str]:
        yield from (f"#### {parent}{enum.name}", "", *self._text(path))
        yield from _table(
            ("no.", "value", "meaning"),
            (
                (str(value.number), f"`{value.name}`", self._comment((*path, _VALUES, index)))
                for index, value in enumerate(enum.value)
            ),
        )

    def _text(self, path: _Place) -> Iterator[str]:
        """What is said above a declaration, in paragraphs."""
        for paragraph in self.comments.get(path, ()):
            yield from (paragraph, "")

    def _comment(self, path: _Place) -> str:
        return " ".join(self.comments.get(path, ()))


def _paragraphs(comment: str) -> list[str]:
    return [" ".join(part.split()) for part in comment.split("\n\n") if part.strip()]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _type(field: FieldDescriptorProto, message: DescriptorProto) -> str:
    """As it stands in the .proto file, with a link where the type is ours."""
    for nested in message.nested_type:
        if nested.options.map_entry and field.type_name.endswith(f".{nested.name}"):
            return f"map of {_plain(nested.field[0])} to {_plain(nested.field[1])}"
    plain = _plain(field)
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {plain}"
    if field.proto3_optional:
        return f"optional {plain}"
    if field.HasField("oneof_index"):
        return f"{plain} (one of `{message.oneof_decl[field.oneof_index].name}`)"
    return plain


def _plain(field: FieldDescriptorProto) -> str:
    return _link(field.type_name) if field.type_name else FieldDescriptorProto.Type.Name(field.type)[5:].lower()


def _link(type_name: str) -> str:
    """`.tth.v1.TurnStarted` is [TurnStarted](#turnstarted); what is not ours is named in full."""
    name = type_name.removeprefix(f".{PACKAGE}.")
    return name.removeprefix(".") if name.startswith(".") else f"[{name}](#{name.lower().replace('.', '')})"


def main(arguments: Sequence[str]) -> int:
    """Write the document, or with `--check` say whether it is as it should be."""
    image = FileDescriptorSet.FromString(IMAGE.read_bytes())
    before = DOCUMENT.read_text("utf-8")
    after = between(before, BEGIN, END, reference(image))
    if "--check" not in arguments:
        DOCUMENT.write_text(after, "utf-8")
    elif before != after:
        sys.stderr.write("docs/protocol.md is not fresh: make proto\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
