/**
 * A turn that is paused, from the touch until it goes on: docs/conversation.md, "Pause and resume".
 *
 * silencing: the player falls silent, and says where. asked: the server was told. held: it holds the turn. going: it was
 * told to go on. alone: the server has sent all of the turn, so pausing is a matter of the player.
 */
import type { PlaybackPosition } from "./messages";
import type { Turn } from "./turn";
import type { Held } from "../media/sound";

type State = "silencing" | "asked" | "held" | "going" | "alone";

/** What a pause does to the world. */
export interface HoldEffects {
  /** Tells the server; returns the number of the message. */
  pause(turn: Turn, playback: PlaybackPosition | null): number;
  resume(turn: Turn): void;
  playback(): PlaybackPosition | null;
  /** The player's part: see `Player`. */
  hold(turnId: string): Promise<Held>;
  voidHeld(): void;
  liveMeanwhile(): void;
  release(fromUs: number): number;
  changed(turn: Turn): void;
}

export class Hold {
  private state: State = "silencing";
  private clientSeq = 0;
  private wantsOn = false;
  private hasEnded = false;
  /** Media time of what is not heard; null until the player said so. */
  atUs: number | null = null;

  constructor(readonly turn: Turn, private readonly effects: HoldEffects) {
    turn.waterfall.pauseAsked(performance.now());
    void effects.hold(turn.id).then((held) => this.silent(held));
  }

  /** The turn has ended, or goes on. */
  get isOver(): boolean {
    return this.hasEnded;
  }

  /** Whether it is over, or will be without anybody doing more for it. */
  get isEnding(): boolean {
    return this.isOver || this.wantsOn || this.state === "going";
  }

  /** Let it go on, as soon as it can. */
  goOn(): void {
    this.wantsOn = true;
    if (this.state === "held") {
      this.state = "going";
      this.effects.resume(this.turn);
    } else if (this.state === "alone") this.release();
  }

  /** The server holds it: what is at hand is void. */
  paused(ptsUs: number): void {
    if (this.isOver) return;
    this.atUs = ptsUs;
    this.turn.captions.cutWords(ptsUs);
    this.effects.voidHeld();
    this.state = "held";
    if (this.wantsOn) this.goOn();
  }

  /** The server lets it go on. */
  resumed(): void {
    this.end();
    this.effects.changed(this.turn);
  }

  /** The server has sent all of it: no pause will be answered any more. */
  complete(): void {
    if (this.state !== "asked" || this.isOver) return;
    this.state = "alone";
    this.effects.liveMeanwhile();
    if (this.wantsOn) this.release();
  }

  /** A message was refused. Returns whether it was this pause. */
  refused(clientSeq: number): boolean {
    if (this.isOver || this.state !== "asked" || clientSeq !== this.clientSeq) return false;
    this.complete();
    return true;
  }

  /** The turn is over, or goes on. */
  end(): void {
    if (this.isOver) return;
    this.hasEnded = true;
    this.turn.waterfall.pauseEnded(performance.now());
  }

  private silent({ ptsUs, silentAtMs }: Held): void {
    this.turn.waterfall.pauseSilent(silentAtMs);
    if (this.isOver) return;
    this.atUs = ptsUs;
    this.state = "asked";
    if (this.turn.isComplete) this.complete();
    else this.clientSeq = this.effects.pause(this.turn, this.effects.playback());
    this.effects.changed(this.turn);
  }

  private release(): void {
    if (this.isOver) return;
    this.turn.later(this.atUs ?? 0, this.effects.release(this.atUs ?? 0));
    this.end();
    this.effects.changed(this.turn);
  }
}
