"""Whole conversations by chance, on virtual time, and what must be true of every one of them.

    python -m tth.testing.simulator --count 10000 --seed 1 --processes 2

`world` draws a conversation from its seed: what the adapters are like, what the client is like, what it does. `stage`
plays it: the real server (service, stream, session, pipeline) without gRPC, threads and waiting; `client`, `transport`
and `adapters` are what surrounds it. `checks` holds all that was received and remembered against the invariants.
The same seed gives the same conversation, so every failure can be played again.
Tests: tests/testing/simulator/.
"""
