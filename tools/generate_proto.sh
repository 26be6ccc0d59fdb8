#!/usr/bin/env bash
# Writes the Python code of the contract from proto/ into OUT (default src): messages, type stubs, gRPC stubs; with the
# default also the tables of docs/protocol.md and the gateway's openapi.json.
# The generator is pinned to 1.80, the oldest toolchain we support: newer ones emit code that refuses protobuf 6.
# Usage: tools/generate_proto.sh [OUT]     (needs .venv-proto: make .venv-proto/ready)
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-src}
bin="$PWD/.venv-proto/bin"
mkdir -p "$out" build
"$bin/buf" build --as-file-descriptor-set -o build/tth.binpb
files=$(cd proto && find tth -name '*.proto' | sort)
# shellcheck disable=SC2086
PATH="$bin:$PATH" "$bin/python" -m grpc_tools.protoc --descriptor_set_in=build/tth.binpb \
  --python_out="$out" --pyi_out="$out" --grpc_python_out="$out" $files
# Typed service stubs (only the service file has any).
PATH="$bin:$PATH" "$bin/python" -m grpc_tools.protoc --descriptor_set_in=build/tth.binpb \
  --mypy_grpc_out="$out" tth/v1/tth_service.proto
# A gRPC file for a proto without a service says nothing.
for name in controls converse errors media; do rm -f "$out/tth/v1/${name}_pb2_grpc.py"; done
touch "$out/tth/v1/__init__.py"
# What is told of the contract elsewhere, comments included.
if [ "$out" = src ]; then
  "$bin/python" -m tools.protocol_reference
  PYTHONPATH=src "$bin/python" -m tools.openapi_document
fi
