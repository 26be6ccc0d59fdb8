#!/usr/bin/env bash
# Makes .venv, with nothing of TTH in it, and writes the stubs of ../../proto into generated/.
set -euo pipefail
cd "$(dirname "$0")"
test -x .venv/bin/python || "${PYTHON:-python3}" -m venv .venv
.venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet -r requirements.txt
mkdir -p generated
.venv/bin/python -m grpc_tools.protoc -I ../../proto --python_out=generated --pyi_out=generated \
  --grpc_python_out=generated ../../proto/tth/v1/*.proto
