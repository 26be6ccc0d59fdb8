"""Which view of the head an angle belongs to, so that a painter draws only the triangles that some face of this view
shows: hair in many layers hides most of itself, and half of a head looks away.
"""

from __future__ import annotations

from bisect import bisect_right

YAW_EDGES_DEG = tuple(range(-45, 46, 9))
PITCH_EDGES_DEG = tuple(range(-28, 29, 14))
ROLL_MOST_DEG = 10
"""A view is all angles between two neighbours of each, and no further roll than this."""
VIEWS_PER_YAW = len(PITCH_EDGES_DEG) - 1
VIEWS = (len(YAW_EDGES_DEG) - 1) * VIEWS_PER_YAW
"""They are numbered by yaw, then pitch."""
ANY_VIEW = VIEWS
"""The number that stands for all other angles: everything is drawn."""


def view_of(yaw_deg: float, pitch_deg: float, roll_deg: float) -> int:
    """Number of the view, 0..VIEWS - 1 or ANY_VIEW, for finite angles as in FaceState."""
    yaw = bisect_right(YAW_EDGES_DEG, yaw_deg) - 1
    pitch = bisect_right(PITCH_EDGES_DEG, pitch_deg) - 1
    if abs(roll_deg) > ROLL_MOST_DEG or not (0 <= pitch < VIEWS_PER_YAW and 0 <= yaw < len(YAW_EDGES_DEG) - 1):
        return ANY_VIEW
    return yaw * VIEWS_PER_YAW + pitch
