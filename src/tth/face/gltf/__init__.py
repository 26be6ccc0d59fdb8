"""A sculpted head as a glTF 2.0 file, for programs that draw it themselves from `motion_frame`s: docs/own-head.md."""
