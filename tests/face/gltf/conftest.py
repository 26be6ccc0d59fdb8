"""One exported head for all tests of the export."""

from __future__ import annotations

import pytest

from tests.face.conftest import HeadOf
from tth.face.gltf.check import GltfHead
from tth.face.gltf.export import export_head


@pytest.fixture(scope="session")
def anna_glb(head_of: HeadOf) -> bytes:
    """Anna as a file."""
    return export_head(head_of("anna"), "anna")


@pytest.fixture(scope="session")
def anna_head(anna_glb: bytes) -> GltfHead:
    """The same, read back."""
    return GltfHead(anna_glb)
