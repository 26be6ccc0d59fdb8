"""Judges client programs of any language against a real server: see README.md in this folder."""
