"""Benchmarks: `python -m bench` measures, prints and records; see docs/performance.md."""
