"""What a measurement is: a figure with its target, samples and verdict; a record of a whole run; a table of it.

Pure but for `machine`, which asks the machine what it is. Tests: tests/bench/test_figures.py.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

RECORD_VERSION = 1
_PACKAGES = ("grpcio", "protobuf", "uvloop", "numpy", "numba", "av")


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach. `statistic` is the one that counts: value, p95 or p99."""

    limit: float
    statistic: str = "value"
    at_least: bool = False
    """False: the figure should be at most `limit`."""

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"{sign} {self.limit:g}" + ("" if self.statistic == "value" else f" {self.statistic}")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure."""

    benchmark: str
    name: str
    """What was measured, for people."""
    unit: str
    value: float
    """The median where there is a distribution."""
    count: int
    """Samples behind it."""
    p95: float | None = None
    p99: float | None = None
    target: Target | None = None
    """None: measured for comparison, nothing is promised."""

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        measured = getattr(self, self.target.statistic)
        assert measured is not None, f"{self.name}: {self.target.statistic} was not measured"
        return bool(measured >= self.target.limit if self.target.at_least else measured <= self.target.limit)


def distribution(
    benchmark: str, name: str, unit: str, samples: Sequence[float], target: Target | None = None
) -> Figure:
    """A figure from its samples: median, 95th and 99th percentile. Raises ValueError without samples."""
    if not samples:
        raise ValueError(f"{benchmark}: no samples of {name}")
    median, p95, p99 = (float(found) for found in np.percentile(samples, (50, 95, 99)))
    return Figure(benchmark, name, unit, median, len(samples), p95, p99, target)


def machine() -> dict[str, str]:
    """What this was measured on, without the machine's name."""
    return {
        "cpu": _cpu_model(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or "unknown")


def record(figures: Sequence[Figure], taken_at: str, loads: Sequence[float], *, quick: bool) -> dict[str, object]:
    """A run as plain data. loads: load average (1 min) before the run and after it."""
    return {
        "record_version": RECORD_VERSION,
        "taken_at": taken_at,
        "quick": quick,
        "machine": machine(),
        "load_before": loads[0],
        "load_after": loads[-1],
        "figures": [
            {**asdict(figure), "target": str(figure.target) if figure.target else None, "reached": figure.reached}
            for figure in figures
        ],
    }


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text."""
    rows = [("figure", "", "unit", "value", "p95", "p99", "n", "target", "verdict")]
    for figure in figures:
        verdict = {True: "reached", False: "NOT reached", None: ""}[figure.reached]
        rows.append(
            (
                figure.benchmark,
                figure.name,
                figure.unit,
                _number(figure.value),
                _number(figure.p95),
                _number(figure.p99),
                str(figure.count),
                str(figure.target) if figure.target else "",
                verdict,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
