/** One turn as the page knows it: who asked what, its caption, and when things happened. */
import { Captions } from "../core/captions";
import { type Lane, Waterfall } from "../core/waterfall";
import { TURN_OUTCOMES } from "../core/words";
import { FrameKind, type TextDelta, type TextMode, type TurnMetrics, type TurnOutcome, type WordTiming } from "./messages";

export class Turn {
  readonly captions: Captions;
  readonly waterfall: Waterfall;
  adapters: readonly string[] = [];
  metrics: TurnMetrics | null = null;
  /** What the listener heard, where it was not all. */
  heardText: string | null = null;
  /** Media time at which it was stopped here. */
  stoppedAtUs: number | null = null;
  /** All of it has been sent. */
  isComplete = false;
  endUs = 0;
  /** How much later than its own time its end is heard. */
  laterUs = 0;
  /** Nothing of it is or will be heard. */
  isOver = false;
  /** Nobody has looked at it yet. */
  isFresh = true;

  constructor(readonly id: string, readonly userText: string, readonly mode: TextMode, sentAtMs: number) {
    this.captions = new Captions(id);
    this.waterfall = new Waterfall(id, sentAtMs);
  }

  /** Its media from a moment on is heard later than its own time says: the player held it back. */
  later(fromUs: number, byUs: number): void {
    this.captions.shiftWords(fromUs, byUs);
    this.endUs += byUs;
    this.laterUs += byUs;
  }

  arrived(lane: Lane): void {
    this.waterfall.note(lane, performance.now());
  }

  /** Pictures of somebody who still thinks are no answer. */
  pictureArrived(kind: FrameKind): void {
    if (kind === FrameKind.SPEAKING) this.arrived("picture");
  }

  started(adapters: readonly string[]): void {
    this.adapters = adapters;
  }

  takeText(delta: TextDelta): void {
    this.arrived("text");
    this.captions.addText(delta.text, delta.offset);
  }

  takeWord(word: WordTiming): void {
    this.captions.addWord(word.word, word.offset, Number(word.ptsUs), Number(word.durationUs));
  }

  takeMetrics(metrics: TurnMetrics): void {
    this.metrics = metrics;
    this.waterfall.figures = {
      firstTextMs: metrics.firstTextMs,
      firstAudioMs: metrics.firstAudioMs,
      firstVideoMs: metrics.firstVideoMs,
      stopLatencyMs: metrics.stopLatencyMs,
      driftP95Ms: metrics.drift?.p95AbsMs,
      achievedFps: metrics.achievedFps,
    };
  }

  stopped(outcome: TurnOutcome, heardText: string): void {
    this.heardText = heardText;
    this.waterfall.ended(performance.now(), TURN_OUTCOMES[outcome]);
  }
}
