/**
 * Emotion as people set it here: a point on a pad (valence to the right, arousal up), one of seven labels, an intensity.
 * Pure. Points: CIRCUMPLEX of the server (Russell, "A circumplex model of affect", 1980).
 */

export const LABELS = ["neutral", "happy", "sad", "angry", "surprised", "fearful", "disgusted"] as const;
export type Label = (typeof LABELS)[number];

/** -1..1 each: unpleasant to pleasant, calm to excited. */
export interface Point {
  readonly valence: number;
  readonly arousal: number;
}

export const LABEL_POINTS: Readonly<Record<Label, Point>> = {
  neutral: { valence: 0, arousal: 0 },
  happy: { valence: 0.8, arousal: 0.5 },
  sad: { valence: -0.7, arousal: -0.4 },
  angry: { valence: -0.6, arousal: 0.7 },
  surprised: { valence: 0.2, arousal: 0.8 },
  fearful: { valence: -0.6, arousal: 0.75 },
  disgusted: { valence: -0.65, arousal: 0.3 },
};

export interface Mood {
  readonly label: Label;
  /** 0..1. */
  readonly intensity: number;
  /** A point of the caller's own; null: the label's point, as far out as the intensity says. */
  readonly point: Point | null;
}

export const CALM: Mood = { label: "neutral", intensity: 0.5, point: null };

/** Where the mood stands on the pad: as the server understands it. */
export function pointOf(mood: Mood): Point {
  if (mood.point !== null) return mood.point;
  const { valence, arousal } = LABEL_POINTS[mood.label];
  return { valence: valence * mood.intensity, arousal: arousal * mood.intensity };
}

/** A label chosen by name: its own point counts again. A mood that was off is turned up so that it is seen. */
export function withLabel(mood: Mood, label: Label): Mood {
  return { label, intensity: mood.intensity === 0 ? 0.5 : mood.intensity, point: null };
}

export function withIntensity(mood: Mood, intensity: number): Mood {
  return { ...mood, intensity: clamp(round(intensity), 0, 1) };
}

/** A free point; the label is the one that lies nearest. */
export function withPoint(mood: Mood, point: Point): Mood {
  const free = { valence: clamp(round(point.valence), -1, 1), arousal: clamp(round(point.arousal), -1, 1) };
  return { ...mood, label: nearestLabel(free), point: free };
}

/** A step of the arrow keys, from wherever the mood stands. */
export function stepped(mood: Mood, valence: number, arousal: number): Mood {
  const at = pointOf(mood);
  return withPoint(mood, { valence: at.valence + valence, arousal: at.arousal + arousal });
}

/** The label whose point at full or half intensity lies nearest: halfway out is still happy, and not yet neutral. */
export function nearestLabel(point: Point): Label {
  let best: Label = "neutral";
  let least = distance(point, LABEL_POINTS.neutral);
  for (const label of LABELS) {
    const own = LABEL_POINTS[label];
    for (const scale of [1, 0.5]) {
      const away = distance(point, { valence: own.valence * scale, arousal: own.arousal * scale });
      if (away < least) [best, least] = [label, away];
    }
  }
  return best;
}

/** Fractions 0..1 of the pad, from its top left corner. */
export function toPad(point: Point): { x: number; y: number } {
  return { x: (point.valence + 1) / 2, y: (1 - point.arousal) / 2 };
}

export function fromPad(x: number, y: number): Point {
  return { valence: clamp(x * 2 - 1, -1, 1), arousal: clamp(1 - y * 2, -1, 1) };
}

/** Hue in degrees of a mood, for what is tinted by it: pleasant is warm, unpleasant cool, excited red. */
export function hueOf(point: Point): number {
  const strength = Math.hypot(point.valence, point.arousal);
  if (strength < 0.08) return 255;
  const angle = (Math.atan2(point.arousal, point.valence) * 180) / Math.PI;
  const stops: readonly (readonly [number, number])[] = [
    [-180, 265], [-135, 250], [-90, 215], [-45, 165], [0, 130], [32, 58], [75, 40], [120, 18], [150, -15], [180, -95],
  ];
  for (let i = 1; i < stops.length; i++) {
    const [from, fromHue] = stops[i - 1]!;
    const [to, toHue] = stops[i]!;
    if (angle <= to) return (fromHue + ((toHue - fromHue) * (angle - from)) / (to - from) + 360) % 360;
  }
  return 265;
}

/** For people: "happy, half strong; pleasant 0.4, excited 0.3". */
export function spoken(mood: Mood): string {
  const { valence, arousal } = pointOf(mood);
  const side = (value: number, low: string, high: string) =>
    Math.abs(value) < 0.05 ? "" : `${value < 0 ? low : high} ${Math.abs(value).toFixed(2)}`;
  const parts = [side(valence, "unpleasant", "pleasant"), side(arousal, "calm", "excited")].filter(Boolean);
  return parts.length ? `${mood.label}; ${parts.join(", ")}` : mood.label;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.valence - b.valence, a.arousal - b.arousal);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
