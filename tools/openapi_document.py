"""Write the gateway's OpenAPI document, src/tth/gateway/openapi.json: `make proto` does it.

Made from the table of its paths (tth.gateway.routes) and from the contract's own declarations and comments, as `buf
build` puts them into an image (build/tth.binpb); `make proto-check` fails when the document is behind.
Tests: tests/gateway/test_rest.py.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

from tth.gateway.routes import ARTIFACT_PATH, LOOK_PATH, ROUTES, STREAM_PATH, Route

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "src" / "tth" / "gateway" / "openapi.json"
IMAGE = ROOT / "build" / "tth.binpb"
PACKAGE = ".tth.v1."
SERVICE = "TthService"
REFUSAL = "Refusal"
"""Schema of every answer that is no success."""
_MESSAGES, _ENUMS, _SERVICES = 4, 5, 6  # of FileDescriptorProto
_FIELDS, _NESTED, _NESTED_ENUMS = 2, 3, 4  # of DescriptorProto
_VALUES = _METHODS = 2  # of EnumDescriptorProto and of ServiceDescriptorProto
_Place = tuple[int, ...]
Json = dict[str, Any]

_F = FieldDescriptorProto
_SCALARS: dict[int, Json] = {
    _F.TYPE_DOUBLE: {"type": "number", "format": "double"},
    _F.TYPE_FLOAT: {"type": "number", "format": "float"},
    _F.TYPE_INT32: {"type": "integer", "format": "int32"},
    _F.TYPE_INT64: {"type": "string", "format": "int64"},
    _F.TYPE_BOOL: {"type": "boolean"},
    _F.TYPE_STRING: {"type": "string"},
    _F.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
}
"""Canonical protobuf JSON: 64-bit numbers are texts, because JavaScript's numbers are not exact there."""
_TIMESTAMP: Json = {"type": "string", "format": "date-time"}


class Contract:
    """What the image knows: messages and enums by name, and the comment above each declaration."""

    def __init__(self, image: FileDescriptorSet) -> None:
        self.schemas: dict[str, Json] = {}
        self.inputs: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.summaries: dict[str, str] = {}
        for file in image.file:
            if file.name.startswith("tth/"):
                self._read(file)

    def _read(self, file: FileDescriptorProto) -> None:
        comments = {
            tuple(place.path): " ".join(place.leading_comments.split()) for place in file.source_code_info.location
        }
        for index, message in enumerate(file.message_type):
            self._message(message, (_MESSAGES, index), "", comments)
        for index, enum in enumerate(file.enum_type):
            self._enum(enum, (_ENUMS, index), "", comments)
        for index, service in enumerate(file.service):
            for number, method in enumerate(service.method):
                self.inputs[method.name] = _name(method.input_type)
                self.outputs[method.name] = _name(method.output_type)
                self.summaries[method.name] = comments.get((_SERVICES, index, _METHODS, number), "")

    def _message(self, message: DescriptorProto, path: _Place, parent: str, comments: dict[_Place, str]) -> None:
        if message.options.map_entry:
            return
        name = parent + message.name
        properties = {
            field.json_name: _described(_schema(field, message), comments.get((*path, _FIELDS, index), ""))
            for index, field in enumerate(message.field)
        }
        schema = {"type": "object", "properties": properties}
        self.schemas[name] = _described(schema, comments.get(path, ""))
        for index, nested in enumerate(message.nested_type):
            self._message(nested, (*path, _NESTED, index), f"{name}.", comments)
        for index, enum in enumerate(message.enum_type):
            self._enum(enum, (*path, _NESTED_ENUMS, index), f"{name}.", comments)

    def _enum(self, enum: EnumDescriptorProto, path: _Place, parent: str, comments: dict[_Place, str]) -> None:
        lines = [comments.get(path, "")]
        for index, value in enumerate(enum.value):
            if comment := comments.get((*path, _VALUES, index), ""):
                lines.append(f"- {value.name}: {comment}")
        schema = {"type": "string", "enum": [value.name for value in enum.value]}
        self.schemas[parent + enum.name] = _described(schema, "\n".join(line for line in lines if line))


def document(image: FileDescriptorSet) -> Json:
    """The whole document; `info.version` is the contract's, not the program's."""
    contract = Contract(image)
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.verb.lower()] = _operation(contract, route)
    paths[STREAM_PATH] = {"get": _stream()}
    paths[ARTIFACT_PATH] = {"get": _file("DownloadArtifact", "job_id", contract.summaries["DownloadArtifact"])}
    paths[LOOK_PATH] = {"get": _file("GetHead", "look", "The head of a look that comes with TTH, as binary glTF 2.0.")}
    schemas = dict(sorted({**contract.schemas, REFUSAL: _refusal()}.items()))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TTH gateway",
            "version": "1.0",
            "description": "The calls of tth.v1.TthService as canonical protobuf JSON. docs/gateway.md says more.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(contract: Contract, route: Route) -> Json:
    message = contract.inputs[route.call]
    in_path = re.findall(r"{(\w+)}", route.path)
    parameters = [_parameter("path", name) for name in in_path]
    operation: Json = {"operationId": route.call, "summary": contract.summaries[route.call]}
    if route.has_body:
        body = {"application/json": {"schema": _reference(message)}}
        operation["requestBody"] = {"content": body, "required": False}
    else:
        properties: dict[str, Json] = contract.schemas[message]["properties"]
        parameters += [
            {"name": name, "in": "query", "schema": schema}
            for name, schema in properties.items()
            if name not in {_json_name(taken) for taken in in_path}
        ]
    if parameters:
        operation["parameters"] = parameters
    success = {
        "description": "OK",
        "content": {"application/json": {"schema": _reference(contract.outputs[route.call])}},
    }
    operation["responses"] = {"200": success, "default": _refused()}
    return operation


def _stream() -> Json:
    text = (
        "A WebSocket: Converse, one message to a frame. Subprotocol tth.v1.proto (the default): ConverseRequest up and "
        "ConverseResponse down as binary frames. Subprotocol tth.v1.json: the same as JSON in text frames. A token may "
        'be shown as {"authorization": "Bearer ..."} in a first text frame.'
    )
    return {
        "operationId": "Converse",
        "summary": "The conversation: one stream, many turns.",
        "description": text,
        "parameters": [_parameter("path", "session_id")],
        "responses": {"101": {"description": "The WebSocket is open."}, "default": _refused()},
    }


def _file(operation: str, parameter: str, summary: str) -> Json:
    content = {"*/*": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}
    return {
        "operationId": operation,
        "summary": summary,
        "parameters": [_parameter("path", parameter)],
        "responses": {"200": {"description": "The file.", "content": content}, "default": _refused()},
    }


def _parameter(place: str, name: str) -> Json:
    return {"name": name, "in": place, "required": True, "schema": {"type": "string"}}


def _refused() -> Json:
    return {
        "description": "What went wrong; docs/errors.md lists the reasons.",
        "content": {"application/json": {"schema": _reference(REFUSAL)}},
    }


def _refusal() -> Json:
    texts = {"field": {"type": "string"}, "description": {"type": "string"}}
    return {
        "type": "object",
        "required": ["code", "reason", "message", "field_violations"],
        "properties": {
            "code": {"type": "string", "description": "Name of the gRPC status code."},
            "reason": {"type": "string", "description": "UPPER_SNAKE; stable once published."},
            "message": {"type": "string", "description": "English, for developers."},
            "field_violations": {"type": "array", "items": {"type": "object", "properties": texts}},
            "retry_after_ms": {"type": "integer", "description": "Where waiting helps."},
        },
    }


def _schema(field: FieldDescriptorProto, message: DescriptorProto) -> Json:
    for nested in message.nested_type:
        if nested.options.map_entry and field.type_name.endswith(f".{nested.name}"):
            return {"type": "object", "additionalProperties": _single(nested.field[1])}
    single = _single(field)
    return {"type": "array", "items": single} if field.label == _F.LABEL_REPEATED else single


def _single(field: FieldDescriptorProto) -> Json:
    if field.type_name == ".google.protobuf.Timestamp":
        return _TIMESTAMP
    return _reference(_name(field.type_name)) if field.type_name else _SCALARS[field.type]


def _described(schema: Json, comment: str) -> Json:
    return {**schema, "description": comment} if comment else schema


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _name(type_name: str) -> str:
    return type_name.removeprefix(PACKAGE)


def _json_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def main(arguments: Sequence[str]) -> int:
    """Write the document, or with `--check` say whether it is as it should be."""
    image = FileDescriptorSet.FromString(IMAGE.read_bytes())
    after = json.dumps(document(image), indent=1, ensure_ascii=False) + "\n"
    if "--check" not in arguments:
        DOCUMENT.write_text(after, "utf-8")
    elif not DOCUMENT.is_file() or DOCUMENT.read_text("utf-8") != after:
        sys.stderr.write("src/tth/gateway/openapi.json is not fresh: make proto\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
