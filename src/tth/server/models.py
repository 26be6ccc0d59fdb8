"""What this server has to offer: adapters with their capabilities, personas, ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeAlias

from tth.adapters.base import AdapterSpec, Capabilities, Support
from tth.control.personas import PersonaConfig
from tth.errors import invalid_field
from tth.face.parameters import BLENDSHAPES
from tth.model.media import MediaPreferences, VideoCodec
from tth.v1 import controls_pb2, tth_service_pb2

DEFAULT_PAGE, MAX_PAGE = 50, 100
_SUPPORT = {support: f"CONTROL_SUPPORT_{support.name}" for support in Support}


Known: TypeAlias = tuple[tuple[AdapterSpec, Capabilities, bool], ...]
"""Adapters that could be loaded, what each can do, and whether the profile uses it."""


class ModelCatalogue:
    """Made once at start; immutable."""

    def __init__(
        self,
        profile: str,
        known: Known,
        personas: Mapping[str, PersonaConfig],
        others: Callable[[], Known] = tuple,
    ) -> None:
        """known: at least those in use. others: the rest, looked up when somebody asks for the first time: that imports
        them, and a start should not wait for adapters that nobody uses."""
        self.profile = profile
        self._in_use = known
        self._others = others
        self._personas = personas

    @cached_property
    def _known(self) -> Known:
        return (*self._in_use, *self._others())

    def page(self, request: tth_service_pb2.ListModelsRequest) -> tth_service_pb2.ListModelsResponse:
        """One page of adapters; the personas come with every page. Raises InvalidRequest."""
        size = request.page_size or DEFAULT_PAGE
        if not 1 <= size <= MAX_PAGE:
            raise invalid_field("page_size", f"1..{MAX_PAGE}, or 0 for {DEFAULT_PAGE}")
        starts = {str(at): at for at in range(len(self._known))} | {"": 0}
        if request.page_token not in starts:
            raise invalid_field("page_token", "empty or the next_page_token of the answer before")
        start = starts[request.page_token]
        end = start + size
        return tth_service_pb2.ListModelsResponse(
            models=[model_message(spec, c, active=active) for spec, c, active in self._known[start:end]],
            next_page_token=str(end) if end < len(self._known) else "",
            personas=[
                tth_service_pb2.Persona(
                    persona_id=persona_id,
                    display_name=entry.persona.display_name,
                    description=entry.persona.description,
                    look=_look_name(entry.persona.look),
                )
                for persona_id, entry in self._personas.items()
            ],
            profile=self.profile,
            blendshape_names=BLENDSHAPES,
        )

    def check_media(self, media: MediaPreferences) -> None:
        """Raises InvalidRequest for a codec that the avatar in use cannot give."""
        for spec, capabilities, active in self._in_use:
            if active and spec.role == "avatar" and media.video_codec is not VideoCodec.NONE:
                allowed = (VideoCodec.NONE, *capabilities.video_codecs)
                if media.video_codec not in allowed:
                    names = ", ".join(codec.name for codec in allowed)
                    raise invalid_field("media.video_codec", f"one of {names} with the avatar {spec.name}")


def _look_name(look: str) -> str:
    """A path on this machine is nobody's business."""
    return look if look.isidentifier() else ""


def model_message(spec: AdapterSpec, capabilities: Capabilities, *, active: bool) -> tth_service_pb2.Model:
    """One adapter as ListModels shows it."""
    supports = [
        tth_service_pb2.ControlCapability(path=path, support=_SUPPORT[s.support], min=s.minimum, max=s.maximum)
        for path, s in capabilities.controls.items()
    ]
    return tth_service_pb2.Model(
        role=spec.role,
        name=spec.name,
        description=capabilities.description,
        active=active,
        deployment=capabilities.deployment,
        controls=supports,
        language_codes=capabilities.languages,
        video_codecs=[f"VIDEO_CODEC_{codec.name}" for codec in capabilities.video_codecs],
        resolutions=[
            controls_pb2.Resolution(width_px=r.width_px, height_px=r.height_px) for r in capabilities.resolutions
        ],
        max_fps=capabilities.max_fps,
        backgrounds=capabilities.backgrounds if capabilities.video_codecs else (),
        framings=[f"FRAMING_{framing.name}" for framing in capabilities.framings] if capabilities.video_codecs else (),
    )
