"""Between protobuf and our values: the only package that sees both. What goes in is checked for what the wire format
cannot express, that enums are known; ranges are the session's business. Tests: tests/server/test_convert.py."""
