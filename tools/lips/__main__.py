"""`python -m tools.lips corpus | recorded | train | evaluate`: make lessons, learn from them, measure it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

SHIPPED = Path(__file__).parents[2] / "src" / "tth" / "face" / "audio_lips" / "weights.npz"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def corpus(arguments: argparse.Namespace) -> None:
    from tools.lips.corpus import make

    arguments.folder.mkdir(parents=True, exist_ok=True)
    made = make(arguments.folder, arguments.clips, arguments.copies, arguments.seed, arguments.processes)
    np.savez(arguments.folder / "corpus.npz", heard=made.heard, wanted=made.wanted)
    say(f"{len(made.heard)} clips of 6 s, {made.heard.nbytes / 1e6:.0f} MB")


def recorded(arguments: argparse.Namespace) -> None:
    from tools.lips.corpus import heard_in_ways, joined
    from tools.lips.other_voices import LEARNT_FROM, festival, flite, shuffled

    texts = shuffled("en-us", arguments.texts, arguments.seed)
    spoken = flite(arguments.flite, texts, LEARNT_FROM[:3])
    spoken += festival(arguments.festival, lambda language: texts, LEARNT_FROM[3:])
    rng = np.random.default_rng(arguments.seed)
    made = heard_in_ways(list(joined((one.said for one in spoken), rng)), arguments.copies, rng)
    np.savez(arguments.folder / "recorded.npz", heard=made.heard, wanted=made.wanted)
    say(f"{len(made.heard)} clips of 6 s")


def train(arguments: argparse.Namespace) -> None:
    from tools.lips.corpus import Lessons
    from tools.lips.evaluate import taught_by
    from tools.lips.training import Plan
    from tools.lips.training import train as learn

    heard, wanted = [], []
    for name in arguments.lessons:
        with np.load(arguments.folder / f"{name}.npz") as content:
            heard.append(content["heard"][: arguments.most])
            wanted.append(content["wanted"][: arguments.most])
    # Mixed, so that the part by which the learning is watched holds some of each.
    order = np.random.default_rng(arguments.seed).permutation(sum(map(len, heard)))
    lessons = Lessons(np.concatenate(heard)[order], np.concatenate(wanted)[order])
    plan = Plan(arguments.epochs, rate=arguments.rate, hidden=arguments.hidden, front=arguments.front)
    begun = None
    if arguments.go_on_from:
        with np.load(arguments.go_on_from) as content:
            begun = {name: content[name].astype(np.float32) for name in content.files if name != "taught_by"}
    weights = learn(lessons, plan, say, begun)
    stored: dict[str, Any] = {name: value.astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(arguments.out, **stored, taught_by=np.array(taught_by()))
    say(f"{arguments.out}: {arguments.out.stat().st_size} bytes")


def evaluate(arguments: argparse.Namespace) -> None:
    from tools.lips import aligned
    from tools.lips.evaluate import report

    report(arguments.folder, arguments.flite, arguments.festival, arguments.quick, say)
    aligned.report(arguments.folder, arguments.flite, arguments.festival, arguments.quick, say)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.lips", description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("build/lips"), help="where the work is kept")
    parser.add_argument("--seed", type=int, default=1)
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("corpus", help="speak the lessons")
    verb.add_argument("--clips", type=int, default=2400, help="of six seconds")
    verb.add_argument("--copies", type=int, default=4, help="ways in which each is heard")
    verb.add_argument("--processes", type=int, default=2)
    verb.set_defaults(run=corpus)
    verb = verbs.add_parser("recorded", help="lessons by voices that were cut from recordings")
    verb.add_argument("--texts", type=int, default=120)
    verb.add_argument("--copies", type=int, default=5)
    verb.add_argument("--flite", default="flite", help="command")
    verb.add_argument("--festival", default="festival", help="command")
    verb.set_defaults(run=recorded)
    verb = verbs.add_parser("train", help="learn, and write the weights")
    verb.add_argument("--lessons", nargs="+", default=["corpus"], help="corpus, recorded")
    verb.add_argument("--most", type=int, default=None, help="clips of each")
    verb.add_argument("--go-on-from", type=Path, default=None, help="weights to begin with")
    verb.add_argument("--rate", type=float, default=3e-3)
    verb.add_argument("--epochs", type=int, default=10)
    verb.add_argument("--hidden", type=int, default=96)
    verb.add_argument("--front", type=int, default=64)
    verb.add_argument("--out", type=Path, default=SHIPPED)
    verb.set_defaults(run=train)
    verb = verbs.add_parser("evaluate", help="measure both ways to the mouth")
    verb.add_argument("--flite", default="flite", help="command; left out where there is none")
    verb.add_argument("--festival", default="festival", help="command; left out where there is none")
    verb.add_argument("--quick", action="store_true", help="a tenth of it")
    verb.set_defaults(run=evaluate)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
