"""For browsers and whoever speaks HTTP: the same messages over WebSocket, the other calls as JSON, and the page.

A client of a TTH server like any other: it holds no session and decides nothing. docs/gateway.md says what it answers.
"""
