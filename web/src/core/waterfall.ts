/** What happened when in one turn: the data of the picture that is drawn of it. Pure; times in ms from the sending. */

export type Lane = "text" | "sound" | "picture" | "heard";
export const LANES: readonly Lane[] = ["text", "sound", "picture", "heard"];

export interface LaneState {
  firstMs: number | null;
  lastMs: number | null;
  /** When something arrived, thinned out to one a pixel or so. */
  readonly arrivalsMs: number[];
}

/** The turn was held from one moment to another; null: not silent yet, or not going on yet. */
export interface Pause {
  readonly askedMs: number;
  silentMs: number | null;
  endMs: number | null;
}

/** What the server measured, from turn_metrics. */
export interface ServerFigures {
  readonly firstTextMs?: number | undefined;
  readonly firstAudioMs?: number | undefined;
  readonly firstVideoMs?: number | undefined;
  readonly stopLatencyMs?: number | undefined;
  readonly driftP95Ms?: number | undefined;
  readonly achievedFps?: number | undefined;
}

const MOST_ARRIVALS = 400;
const LEAST_APART_MS = 15;
const MOST_PAUSES = 64;

export class Waterfall {
  readonly lanes: Record<Lane, LaneState> = { text: empty(), sound: empty(), picture: empty(), heard: empty() };
  stopAskedMs: number | null = null;
  /** When nothing was to be heard any more. */
  silentMs: number | null = null;
  endedMs: number | null = null;
  outcome = "";
  figures: ServerFigures = {};
  readonly pauses: Pause[] = [];

  constructor(readonly turnId: string, readonly sentAtMs: number) {}

  /** Something arrived (or, in the lane "heard", is being heard) at this moment of the page's clock. */
  note(lane: Lane, nowMs: number): void {
    const at = nowMs - this.sentAtMs;
    const state = this.lanes[lane];
    state.firstMs ??= at;
    state.lastMs = at;
    const latest = state.arrivalsMs.at(-1) ?? -Infinity;
    if (at - latest >= LEAST_APART_MS && state.arrivalsMs.length < MOST_ARRIVALS) state.arrivalsMs.push(at);
  }

  stopAsked(nowMs: number): void {
    this.stopAskedMs ??= nowMs - this.sentAtMs;
  }

  silent(nowMs: number): void {
    this.silentMs ??= nowMs - this.sentAtMs;
  }

  pauseAsked(nowMs: number): void {
    if (this.pauses.length < MOST_PAUSES) this.pauses.push({ askedMs: nowMs - this.sentAtMs, silentMs: null, endMs: null });
  }

  pauseSilent(nowMs: number): void {
    const pause = this.pauses.at(-1);
    if (pause) pause.silentMs ??= nowMs - this.sentAtMs;
  }

  pauseEnded(nowMs: number): void {
    const pause = this.pauses.at(-1);
    if (pause) pause.endMs ??= nowMs - this.sentAtMs;
  }

  /** For how long the turn was held in all, up to now; null where it never was. */
  pausedMs(nowMs: number): number | null {
    const now = this.endedMs ?? nowMs - this.sentAtMs;
    return this.pauses.length ? this.pauses.reduce((sum, { askedMs, endMs }) => sum + (endMs ?? now) - askedMs, 0) : null;
  }

  ended(nowMs: number, outcome: string): void {
    this.endedMs ??= nowMs - this.sentAtMs;
    this.outcome = outcome;
  }

  /** Length of the axis: the next round figure, so that it does not creep. */
  axisMs(nowMs: number): number {
    const last = Math.max(...LANES.map((lane) => this.lanes[lane].lastMs ?? 0), this.endedMs ?? nowMs - this.sentAtMs);
    for (const round of [500, 1000, 2000, 4000, 6000, 8000, 12_000, 16_000, 24_000, 32_000, 48_000, 64_000]) {
      if (last <= round) return round;
    }
    return Math.ceil(last / 30_000) * 30_000;
  }

  /** From the click to silence; null where nobody stopped it. */
  get stopMs(): number | null {
    return this.stopAskedMs === null || this.silentMs === null ? null : this.silentMs - this.stopAskedMs;
  }

  /** From the newest touch for a pause to silence; null where there was none. */
  get pauseMs(): number | null {
    const pause = this.pauses.at(-1);
    return pause === undefined || pause.silentMs === null ? null : pause.silentMs - pause.askedMs;
  }
}

function empty(): LaneState {
  return { firstMs: null, lastMs: null, arrivalsMs: [] };
}
