"""What the triangles of a head are made of."""

SKIN, PLAIN, EYE, HAIR = 0, 1, 2, 3
"""Textured skin or cloth; vertex colours only; eyeball; hair."""
MATERIALS = 4
