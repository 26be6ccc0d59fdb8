/**
 * One session from the page's side: what people do goes up, what comes down is played, and the page is told.
 * The only place where connection, player and generations meet.
 */
import { create } from "@bufbuild/protobuf";
import type { ControlReport } from "../contract/tth/v1/controls_pb";
import {
  type ConverseResponse,
  type Error as TthError,
  type PlaybackPosition,
  PlaybackPositionSchema,
  TextMode,
  TurnOutcome,
  type TurnMetrics,
} from "./messages";
import { Hold, type HoldEffects } from "./hold";
import { Generations } from "../core/generations";
import type { Player } from "../media/player";
import { Line, type LineState } from "./line";
import type { Verdict } from "../core/reconnect";
import { TURN_OUTCOMES } from "../core/words";
import { Turn } from "./turn";
import type { Api } from "./api";
import type { Update } from "./wishes";

const REPORT_EVERY_MS = 400;
const PING_EVERY_MS = 5_000;
/** Errors that only say that a stop, or a pause, came too late. */
const HARMLESS = new Set(["NO_ACTIVE_TURN", "NOT_PAUSED"]);

export interface ConversationEvents {
  turn(turn: Turn): void;
  report(report: ControlReport): void;
  metrics(metrics: TurnMetrics): void;
  degraded(component: string, reason: string, isActive: boolean): void;
  refused(error: TthError): void;
  leaving(reason: string): void;
  line(state: LineState, tries: number, verdict: Verdict | null, why: string): void;
  resumed(hasGap: boolean): void;
  bytes(kind: string, bytes: number): void;
  roundTrip(ms: number): void;
}

export class Conversation {
  readonly generations = new Generations();
  /** The newest turn; null before the first. */
  turn: Turn | null = null;
  private hold: Hold | null = null;
  private readonly line: Line;
  private readonly turns = new Map<string, Turn>();
  private typingId = "";
  private reportedAt = 0;
  private pingedAt = performance.now();
  private hasPictures = false;

  constructor(
    readonly sessionId: string,
    handle: string,
    private readonly api: Api,
    private readonly player: Player,
    private readonly events: ConversationEvents,
  ) {
    this.line = new Line(api.streamUrl(sessionId), sessionId, handle, api.token, {
      event: (event, bytes) => this.take(event, bytes),
      state: (state, tries, verdict, why) => events.line(state, tries, verdict, why),
      playback: () => this.playback(),
    });
  }

  open(): void {
    this.line.open();
  }

  /** Speak or answer a text; languageCode: empty for the person's own. Whatever was being said stops now. */
  say(text: string, mode: TextMode, languageCode: string): Turn {
    this.stopPlaying("a new text");
    const turnId = mode === TextMode.TALK && this.typingId ? this.typingId : newId();
    if (mode !== TextMode.TALK) this.stopListening();
    this.typingId = "";
    const turn = new Turn(turnId, text, mode, performance.now());
    this.remember(turn);
    this.line.send({ case: "userText", value: { text, mode, languageCode } as never }, turnId);
    this.events.turn(turn);
    return turn;
  }

  /** Somebody begins to type: she stops, and where an answer is wanted she listens. While she is paused she does both. */
  typing(mode: TextMode, languageCode: string): void {
    if (this.hold !== null) return;
    if (this.isBusy()) this.interrupt("typing");
    if (mode !== TextMode.TALK || this.typingId) return;
    this.typingId = newId();
    this.line.send({ case: "userText", value: { text: " ", partial: true, mode, languageCode } as never }, this.typingId);
  }

  /** The box is empty again: nothing will be said. */
  stopListening(): void {
    if (!this.typingId) return;
    this.line.send({ case: "interrupt", value: { reason: "nothing was said" } as never }, this.typingId);
    this.typingId = "";
  }

  /** Fall silent now. Returns whether there was anything to stop. */
  interrupt(reason: string): boolean {
    return this.stopPlaying(reason);
  }

  /** Hold the turn: silent, and the person listens. Returns whether there was anything to hold. */
  pause(): boolean {
    const { turn } = this;
    if (turn === null || turn.isOver || this.hold !== null) return false;
    this.hold = new Hold(turn, this.holding);
    this.events.turn(turn);
    return true;
  }

  /** Go on where the turn was held. */
  goOn(): void {
    this.hold?.goOn();
    if (this.turn) this.events.turn(this.turn);
  }

  /** Whether the turn is paused, as far as the person is concerned. */
  isPaused(): boolean {
    return this.hold !== null && !this.hold.isEnding;
  }

  /** Media time of what is being heard of the turn, or was when it was held, µs. */
  heardUs(): number | null {
    return this.hold?.atUs ?? this.player.positionUs();
  }

  /** Whether a turn runs or is still to be heard. */
  isBusy(): boolean {
    return this.turn !== null && !this.turn.isOver;
  }

  update({ controls, clearPaths }: Update): void {
    this.line.send({ case: "controlUpdate", value: { controls, clearPaths } as never });
  }

  /** Called at every refresh and a few times a second besides. */
  tick(): void {
    this.player.keepTime();
    const now = performance.now();
    const turn = this.turn;
    if (turn !== null && !turn.isOver && this.hold === null) {
      const position = this.player.positionUs();
      if (this.player.isSpeaking()) turn.waterfall.note("heard", now);
      if (turn.isComplete && position !== null && position >= turn.endUs) this.finish(turn);
    }
    if (this.player.isSpeaking() && now - this.reportedAt >= REPORT_EVERY_MS) this.report(now);
    if (now - this.pingedAt >= PING_EVERY_MS) {
      this.pingedAt = now;
      this.line.send({ case: "ping", value: { clientTimeMs: BigInt(Date.now()) } as never });
    }
  }

  hurry(): void {
    this.line.hurry();
  }

  close(): void {
    this.line.close();
    this.api.endSession(this.sessionId);
  }

  // ---- up

  private stopPlaying(reason: string): boolean {
    const { turn } = this;
    if (turn === null || turn.isOver) return false;
    const playback = this.playback();
    this.endHold();
    turn.waterfall.stopAsked(performance.now());
    this.generations.raise();
    void this.player.stop().then((silentAt) => {
      turn.waterfall.silent(silentAt);
      this.events.turn(turn);
    });
    turn.stoppedAtUs = playback ? Number(playback.audioPtsUs) + turn.laterUs : null;
    turn.isOver = true;
    if (turn.isComplete) turn.waterfall.ended(performance.now(), TURN_OUTCOMES[TurnOutcome.INTERRUPTED]);
    const value = { reason, ...(playback ? { playback } : {}) };
    this.line.send({ case: "interrupt", value: value as never });
    this.events.turn(turn);
    return true;
  }

  private report(now: number): void {
    const position = this.playback();
    if (position === null) return;
    this.reportedAt = now;
    this.line.send({ case: "playbackReport", value: { position } as never });
  }

  private playback(): PlaybackPosition | null {
    const played = this.player.played();
    if (played === null) return null;
    return create(PlaybackPositionSchema, {
      turnId: this.turn?.id ?? "",
      audioPtsUs: BigInt(Math.round((this.hold?.atUs ?? played.audioUs) - (this.turn?.laterUs ?? 0))),
      videoPtsUs: BigInt(Math.round(played.videoUs)),
      bufferedMs: Math.round(played.bufferedMs),
      lastSeq: BigInt(this.line.continuity.lastSeq),
      droppedFrameCount: played.skipped,
    });
  }

  // ---- down

  private take(event: ConverseResponse, bytes: number): void {
    this.events.bytes(event.payload.case ?? "", bytes);
    if (!this.generations.admits(event.turnId) && !isVerdict(event)) return;
    const turn = this.turns.get(event.turnId);
    const { payload } = event;
    switch (payload.case) {
      case "audioChunk":
        turn?.arrived("sound");
        this.player.takeSound(payload.value);
        break;
      case "videoFrame":
        this.hasPictures = true;
        turn?.pictureArrived(payload.value.kind);
        this.player.takePicture(payload.value, event.turnId);
        break;
      case "motionFrame":
        if (!this.hasPictures) turn?.pictureArrived(payload.value.kind);
        this.player.takeFace(payload.value, event.turnId, this.hasPictures);
        break;
      default:
        this.takeQuiet(event, turn);
    }
  }

  private takeQuiet(event: ConverseResponse, turn: Turn | undefined): void {
    const { payload } = event;
    switch (payload.case) {
      case "textDelta":
        turn?.takeText(payload.value);
        break;
      case "wordTiming":
        turn?.takeWord(payload.value);
        break;
      case "turnStarted":
        turn?.started(payload.value.adapters);
        break;
      case "turnMetrics":
        turn?.takeMetrics(payload.value);
        if (payload.value.controlReport) this.events.report(payload.value.controlReport);
        this.events.metrics(payload.value);
        break;
      case "turnComplete":
        if (turn) [turn.isComplete, turn.endUs] = [true, Number(payload.value.audioEndPtsUs)];
        if (turn === this.hold?.turn) this.hold?.complete();
        break;
      case "turnPaused":
        if (turn === this.hold?.turn) this.hold?.paused(Number(payload.value.ptsUs));
        break;
      case "turnResumed":
        if (turn === this.hold?.turn) this.hold?.resumed();
        break;
      case "turnStopped":
        this.turnStopped(event.turnId, turn, payload.value.outcome, payload.value.heardText);
        break;
      case "turnHeard":
        if (turn) turn.heardText = payload.value.heardText;
        break;
      case "controlAck":
        if (payload.value.report) this.events.report(payload.value.report);
        return;
      case "sessionState":
        if (payload.value.resumed) this.wasResumed(payload.value.gap);
        if (payload.value.controlReport) this.events.report(payload.value.controlReport);
        return;
      case "pong":
        this.events.roundTrip(Date.now() - Number(payload.value.clientTimeMs));
        return;
      case "degradedMode":
        this.events.degraded(payload.value.component, payload.value.reason, payload.value.active);
        return;
      case "error":
        if (this.hold?.refused(Number(payload.value.clientSeq))) return;
        if (!HARMLESS.has(payload.value.reason)) this.events.refused(payload.value);
        return;
      case "goAway":
        this.events.leaving(payload.value.reason);
        return;
      default:
        return;
    }
    if (turn) this.events.turn(turn);
  }

  private turnStopped(turnId: string, turn: Turn | undefined, outcome: TurnOutcome, heardText: string): void {
    this.generations.ended(turnId, true);
    if (turnId === this.typingId) this.typingId = "";
    if (!turn) return;
    if (turn === this.hold?.turn) turn.stoppedAtUs = this.hold.atUs;
    this.endHold(turn);
    turn.stopped(outcome, heardText);
    if (turn === this.turn && !turn.isOver) {
      turn.isOver = true;
      void this.player.stop().then((at) => turn.waterfall.silent(at));
    }
  }

  /** The last sound of a turn has been heard. */
  private finish(turn: Turn): void {
    turn.isOver = true;
    turn.waterfall.ended(performance.now(), "completed");
    this.generations.ended(turn.id, false);
    this.events.turn(turn);
  }

  /** Every turn that ran before has ended, also one whose end was lost. */
  private wasResumed(hasGap: boolean): void {
    const turn = this.turn;
    const isSentAgain = this.line.continuity.pending().some(({ turnId, payload }) => turnId === turn?.id && payload.case === "userText");
    if (turn !== null && !turn.isOver && !turn.isComplete && !isSentAgain) {
      if (this.hold) turn.stoppedAtUs = this.hold.atUs;
      this.endHold();
      this.generations.ended(turn.id, true);
      turn.stopped(TurnOutcome.CANCELLED, "");
      turn.isOver = true;
      void this.player.stop();
      this.events.turn(turn);
    }
    this.player.clock.flush(this.player.sound.now());
    this.events.resumed(hasGap);
  }

  /** The turn that is paused ends; `of`: only where it is this one. */
  private endHold(of: Turn | null = this.hold?.turn ?? null): void {
    if (this.hold === null || this.hold.turn !== of) return;
    this.hold.end();
    this.hold = null;
  }

  private readonly holding: HoldEffects = {
    pause: (turn, playback) => this.line.send({ case: "pauseTurn", value: (playback ? { playback } : {}) as never }, turn.id),
    resume: (turn) => void this.line.send({ case: "resumeTurn", value: {} as never }, turn.id),
    playback: () => this.playback(),
    hold: (turnId) => this.player.hold(turnId),
    voidHeld: () => this.player.voidHeld(),
    liveMeanwhile: () => this.player.liveMeanwhile(),
    release: (fromUs) => this.player.release(fromUs),
    changed: (turn) => {
      if (this.hold?.isOver) this.hold = null;
      this.events.turn(turn);
    },
  };

  private remember(turn: Turn): void {
    this.turn = turn;
    this.turns.set(turn.id, turn);
    this.generations.begin(turn.id);
    if (this.turns.size > 16) this.turns.delete(this.turns.keys().next().value!);
  }
}

/** What ends a turn is always taken, also of one that was stopped here. */
function isVerdict(event: ConverseResponse): boolean {
  return event.payload.case === "turnMetrics" || event.payload.case === "turnStopped" || event.payload.case === "turnHeard";
}

function newId(): string {
  return `p_${[...crypto.getRandomValues(new Uint8Array(10))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
