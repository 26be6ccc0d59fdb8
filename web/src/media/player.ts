/**
 * Sound, pictures and faces of one session, each presented when its moment is heard.
 * Follows `PlayoutClock`; told by the conversation what arrives and what is void; asked by the screen what is due.
 */
import type { AudioChunk, MotionFrame, VideoFrame as WireFrame } from "../contract/tth/v1/media_pb";
import { FrameKind } from "../contract/tth/v1/media_pb";
import { Spread } from "../core/figures";
import { FrameQueue, type Timed } from "../core/frame-queue";
import { PlayoutClock } from "../core/playout-clock";
import { endUs } from "../core/sound-shelf";
import { Pictures, type Picture } from "./pictures";
import { type Held, Sound } from "./sound";

/** A picture is drawn at the next refresh of the screen: one that is due within half of one is due now. */
const HALF_REFRESH_US = 8_000;
const MOST_FACES = 160;
/** A little time for what was kept back to get to the sound card. */
const GO_ON_US = 60_000;

export class Player {
  readonly clock = new PlayoutClock();
  readonly sound = new Sound(this.clock);
  readonly pictures: Pictures;
  readonly faces = new FrameQueue<MotionFrame>(() => undefined, MOST_FACES);
  /** Milliseconds by which each picture of speech was behind the sound that was heard as it was drawn. */
  readonly offset = new Spread();
  /** Milliseconds of head start with which each picture of speech arrived; below 0 it came too late to be in step. */
  readonly headStart = new Spread();
  private speakingPts = new Set<number>();
  private soundEndUs = 0;
  private firstSoundUs: number | null = null;
  private shownUs = 0;
  /** The turn whose media is kept back. */
  private heldTurnId = "";
  private arrivedUs = 0;
  private face: MotionFrame | null = null;

  constructor(private readonly isVoid: (turnId: string) => boolean, onFailure: () => void) {
    this.pictures = new Pictures(isVoid, onFailure);
  }

  /** Media time that is being heard now, µs; null before the first media. */
  positionUs(): number | null {
    return this.clock.positionUs(this.sound.now());
  }

  takeSound(chunk: AudioChunk): void {
    const ptsUs = Number(chunk.ptsUs);
    if (!this.heldTurnId) this.soundIsDue(ptsUs, Number(chunk.durationUs));
    this.sound.play(ptsUs, chunk.data, chunk.sampleRateHz, chunk.last);
  }

  takePicture(frame: WireFrame, turnId: string): void {
    const ptsUs = Number(frame.ptsUs);
    this.arrivedUs = Math.max(this.arrivedUs, ptsUs);
    this.arrived(ptsUs, frame.kind, turnId);
    this.pictures.push(frame, turnId, this.positionUs());
  }

  takeFace(face: MotionFrame, turnId: string, hasPictures: boolean): void {
    const ptsUs = Number(face.ptsUs);
    this.arrivedUs = Math.max(this.arrivedUs, ptsUs);
    if (!hasPictures) this.arrived(ptsUs, face.kind, turnId);
    this.faces.push({ ptsUs, turnId, picture: face });
  }

  /** Called at every refresh of the screen: the picture that is due, where it is another one. */
  due(): Timed<Picture> | null {
    const position = this.positionUs();
    if (position === null) return null;
    this.pictures.decodeUpTo(position);
    const frame = this.pictures.queue.take(position + HALF_REFRESH_US);
    if (frame !== null) this.noteOffset(frame.ptsUs, position);
    return frame;
  }

  /** The face of this moment; the one before as long as there is no newer one. */
  dueFace(): MotionFrame | null {
    const position = this.positionUs();
    const next = position === null ? null : this.faces.take(position + HALF_REFRESH_US);
    if (next !== null) {
      this.face = next.picture;
      this.noteOffset(next.ptsUs, position!);
    }
    return this.face;
  }

  /** Called often, also while nothing is drawn. */
  keepTime(): void {
    this.clock.adapt(this.sound.now());
    this.sound.follow();
  }

  /** Whether somebody listening hears speech now. */
  isSpeaking(): boolean {
    const position = this.positionUs();
    return position !== null && this.firstSoundUs !== null && position >= this.firstSoundUs && position < this.soundEndUs;
  }

  /**
   * A turn is paused: silent now. What is at hand of it, and what comes, is kept back until `voidHeld` or `release`.
   * Resolves with where that is, within 150 ms.
   */
  hold(turnId: string): Promise<Held> {
    this.heldTurnId = turnId;
    this.pictures.queue.hold(turnId);
    this.faces.hold(turnId);
    this.forgetSound();
    return this.sound.hold();
  }

  /** It is not to be played: the server tells it again. What comes next is presented at once. */
  voidHeld(): void {
    this.sound.voidHeld();
    this.pictures.voidHeld(this.heldTurnId, this.arrivedUs);
    this.faces.voidHeld(this.arrivedUs);
    this.heldTurnId = "";
    this.clock.flush(this.sound.now());
  }

  /** Nothing more comes of the turn: somebody who is there meanwhile is shown at once. */
  liveMeanwhile(): void {
    this.clock.flush(this.sound.now());
  }

  /** It is played after all, from a media time on. Returns how much later it is heard than its own time says, µs. */
  release(fromUs: number): number {
    const byUs = Math.max(0, (this.positionUs() ?? 0) + GO_ON_US - fromUs);
    this.heldTurnId = "";
    this.soundIsDue(fromUs + byUs, 0);
    for (const piece of this.sound.release(fromUs, byUs)) this.soundIsDue(piece.ptsUs, endUs(piece) - piece.ptsUs);
    this.pictures.queue.release(byUs);
    this.faces.release(byUs);
    return byUs;
  }

  /** Everything void is thrown away. Resolves with the moment at which nothing is heard any more. */
  stop(): Promise<number> {
    const silent = this.sound.flush();
    this.unhold();
    this.pictures.discardVoid();
    this.faces.discard((face) => this.isVoid(face.turnId));
    this.clock.flush(this.sound.now());
    this.forgetSound();
    return silent;
  }

  /** Another session's media follows, on a media clock of its own. */
  reset(): void {
    void this.sound.flush();
    this.unhold();
    this.pictures.reset();
    this.faces.discard(() => true);
    this.clock.flush(this.sound.now());
    this.clock.restart();
    this.forgetSound();
    this.offset.clear();
    this.headStart.clear();
    this.speakingPts.clear();
  }

  /** What was really played, for reports. */
  played(): { audioUs: number; videoUs: number; bufferedMs: number; skipped: number } | null {
    const position = this.positionUs();
    if (position === null) return null;
    const audioUs = Math.max(0, this.soundEndUs ? Math.min(position, this.soundEndUs) : position);
    const bufferedMs = Math.max(0, (this.soundEndUs - position) / 1000);
    return { audioUs, videoUs: this.shownUs, bufferedMs, skipped: this.pictures.queue.skipped };
  }

  get endUs(): number {
    return this.soundEndUs;
  }

  /** What is still held ends with its turn. */
  private unhold(): void {
    this.pictures.queue.voidHeld(this.arrivedUs);
    this.faces.voidHeld(this.arrivedUs);
    [this.heldTurnId, this.arrivedUs] = ["", 0];
  }

  private soundIsDue(ptsUs: number, durationUs: number): void {
    this.clock.soundArrived(ptsUs, durationUs, this.sound.now());
    this.sound.follow();
    this.firstSoundUs ??= ptsUs;
    this.soundEndUs = Math.max(this.soundEndUs, ptsUs + durationUs);
  }

  private arrived(ptsUs: number, kind: FrameKind, turnId: string): void {
    if (turnId !== "" && turnId === this.heldTurnId) return;
    if (kind === FrameKind.SPEAKING) {
      this.speakingPts.add(ptsUs);
      const position = this.positionUs();
      if (position !== null && this.sound.isOn) this.headStart.add((ptsUs - position) / 1000);
    }
    this.clock.pictureArrived(ptsUs, this.sound.now(), kind === FrameKind.IDLE || kind === FrameKind.LISTENING);
  }

  private noteOffset(ptsUs: number, positionUs: number): void {
    this.shownUs = ptsUs;
    const wasSpeech = this.speakingPts.delete(ptsUs);
    if (this.speakingPts.size > 500) this.speakingPts.clear();
    if (wasSpeech && this.sound.isOn) this.offset.add((positionUs - ptsUs) / 1000);
  }

  private forgetSound(): void {
    this.firstSoundUs = null;
    this.soundEndUs = 0;
  }
}
