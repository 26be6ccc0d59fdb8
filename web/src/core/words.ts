/** The contract's closed sets in plain words, and controls as rows of a table. Pure. */
import { ControlOutcome, type ControlReport, type ControlResult, EmotionLabel } from "../contract/tth/v1/controls_pb";
import { TurnOutcome } from "../contract/tth/v1/converse_pb";
import { LABELS, type Label } from "./mood";

const OUTCOMES: Readonly<Record<ControlOutcome, { word: string; tone: Tone }>> = {
  [ControlOutcome.UNSPECIFIED]: { word: "unknown", tone: "off" },
  [ControlOutcome.APPLIED]: { word: "applied", tone: "good" },
  [ControlOutcome.CLAMPED]: { word: "nearest possible", tone: "part" },
  [ControlOutcome.SUBSTITUTED]: { word: "replaced", tone: "part" },
  [ControlOutcome.EMULATED]: { word: "emulated", tone: "good" },
  [ControlOutcome.DEFERRED]: { word: "from the next turn", tone: "part" },
  [ControlOutcome.IGNORED]: { word: "not possible here", tone: "off" },
};

export type Tone = "good" | "part" | "off";

export interface ReportRow {
  readonly path: string;
  readonly name: string;
  readonly asked: string;
  readonly got: string;
  readonly outcome: string;
  readonly tone: Tone;
  readonly reason: string;
}

const NAMES: Readonly<Record<string, string>> = {
  "emotion.label": "Emotion",
  "emotion.intensity": "Intensity",
  "emotion.valence": "Valence",
  "emotion.arousal": "Arousal",
  "character.persona_id": "Person",
  "character.speech_rate": "Speed",
  "character.pitch_shift": "Pitch",
  "character.expressivity": "Expression",
  "character.motion_gain": "Motion",
  "render.fps": "Frames a second",
  "render.resolution": "Picture size",
  "render.latency_mode": "Head start",
  "render.idle_mode": "Between turns",
  "render.background": "Background",
  "render.framing": "Framing",
};

export function reportRows(report: ControlReport): ReportRow[] {
  return report.results.map(row);
}

function row(result: ControlResult): ReportRow {
  const { word, tone } = OUTCOMES[result.outcome] ?? OUTCOMES[ControlOutcome.UNSPECIFIED];
  return {
    path: result.path,
    name: NAMES[result.path] ?? result.path,
    asked: plain(result.requested),
    got: plain(result.effective),
    outcome: word,
    tone,
    reason: result.reason,
  };
}

/** Values as people write them: no long fractions, no shouting. */
function plain(text: string): string {
  const value = Number(text);
  if (text !== "" && Number.isFinite(value)) return String(Math.round(value * 100) / 100);
  return text.replace(/^[A-Z]+(_[A-Z]+)+$/, (name) => name.split("_").at(-1)!).toLowerCase();
}

/** A newer report over an older one: controls that were not asked for again keep their row. */
export function mergedRows(older: readonly ReportRow[], newer: readonly ReportRow[]): ReportRow[] {
  const byPath = new Map(older.map((one) => [one.path, one]));
  for (const one of newer) byPath.set(one.path, one);
  const order = Object.keys(NAMES);
  return [...byPath.values()].sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
}

export const TURN_OUTCOMES: Readonly<Record<TurnOutcome, string>> = {
  [TurnOutcome.UNSPECIFIED]: "",
  [TurnOutcome.COMPLETED]: "completed",
  [TurnOutcome.INTERRUPTED]: "interrupted",
  [TurnOutcome.SUPERSEDED]: "interrupted by a new text",
  [TurnOutcome.FAILED]: "failed",
  [TurnOutcome.CANCELLED]: "cut off",
  [TurnOutcome.DRAINED]: "ended: the server stops",
  [TurnOutcome.EXPIRED]: "held for too long",
};

export function toWire(label: Label): EmotionLabel {
  return (LABELS.indexOf(label) + 1) as EmotionLabel;
}

export function fromWire(label: EmotionLabel): Label {
  return LABELS[label - 1] ?? "neutral";
}
