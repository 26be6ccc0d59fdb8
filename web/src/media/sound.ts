/**
 * The sound card as the page sees it: the clock everything follows, and where sound goes.
 *
 * Before somebody has touched the page no browser lets it sound. Until then the page's own clock runs, so that the
 * person moves from the first moment; `start` hands over to the sound card's.
 */
import type { PlayoutClock } from "../core/playout-clock";
import { type SoundPiece, SoundShelf } from "../core/sound-shelf";
import workletUrl from "./sound-worklet.ts?worker&url";
import type { FromWorklet, ToWorklet } from "./worklet-messages";

/** Browsers differ in how well they know their output; a difference above this is not believed. */
const MOST_LATENCY_S = 0.6;
/** How long speech waits for a sound card that is being opened; then it goes on unheard. */
const OPENING_MS = 1_500;
/** The audio thread says within a few milliseconds where it fell silent; one that hangs is not waited for. */
const HOLD_MS = 150;

/** Where a pause took hold. */
export interface Held {
  /** Media time of the first sample that is not heard. */
  readonly ptsUs: number;
  /** performance.now() at which nothing was heard any more. */
  readonly silentAtMs: number;
}

export class Sound {
  private context: AudioContext | null = null;
  private node: AudioWorkletNode | null = null;
  private recording: MediaStreamAudioDestinationNode | null = null;
  private waiting: { message: ToWorklet; transfer: Transferable[] }[] = [];
  private sentOrigin: number | null = null;
  private flushId = 0;
  private flushes = new Map<number, (contextTime: number) => void>();
  private latest = 0;
  private isRunning = false;
  private starting: Promise<void> | null = null;
  private openedAt = -Infinity;
  private readonly shelf = new SoundShelf();

  constructor(private readonly clock: PlayoutClock) {}

  /** Seconds of the clock in force, as they are being heard. */
  now(): number {
    return this.isRunning ? this.heardS() : performance.now() / 1000;
  }

  get isOn(): boolean {
    return this.isRunning;
  }

  get outputLatencyMs(): number | null {
    const context = this.context;
    return context === null ? null : (context.currentTime - this.heardS()) * 1000;
  }

  /** To be called in answer to a touch or a key. Safe to call again. */
  start(): Promise<void> {
    if (typeof AudioWorkletNode === "undefined") return Promise.resolve(); // told when the page was opened
    if (this.context?.state === "suspended") void this.context.resume();
    this.starting ??= this.build().catch(async (error: unknown) => {
      await this.context?.close();
      [this.context, this.starting] = [null, null]; // a later touch may do better
      throw error;
    });
    return this.starting;
  }

  /** One chunk of 16-bit sound. */
  play(ptsUs: number, data: Uint8Array, rateHz: number, isLast: boolean): void {
    const piece = { ptsUs, data, rateHz, isLast };
    if (this.shelf.take(piece, this.clock.positionUs(this.now()) ?? -Infinity)) this.give(piece);
  }

  /** Fall silent now, for good. Resolves with the moment (performance.now) at which nothing is heard any more. */
  async flush(): Promise<number> {
    this.shelf.clear();
    const contextTime = await this.silence();
    return contextTime === null ? performance.now() : this.pageMs(contextTime);
  }

  /** Fall silent now, but keep what was not heard, and what comes, until `voidHeld` or `release`. */
  async hold(): Promise<Held> {
    this.shelf.hold();
    const origin = this.sentOrigin;
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), HOLD_MS));
    const contextTime = await Promise.race([this.silence(), late]);
    if (contextTime !== null && origin !== null) {
      return { ptsUs: origin + contextTime * 1e6, silentAtMs: this.pageMs(contextTime) };
    }
    return { ptsUs: this.clock.positionUs(this.now()) ?? 0, silentAtMs: performance.now() };
  }

  /** What was kept back is void. */
  voidHeld(): void {
    this.shelf.voidHeld();
  }

  /** What was kept back is heard after all, from a moment on, so much later. Returns it. */
  release(fromUs: number, byUs: number): readonly SoundPiece[] {
    const pieces = this.shelf.release(fromUs, byUs);
    for (const piece of pieces) this.give(piece);
    return pieces;
  }

  private give({ ptsUs, data, rateHz, isLast }: SoundPiece): void {
    const samples = new Int16Array(data.slice().buffer);
    this.post({ kind: "sound", ptsUs, samples, rateHz, isLast }, [samples.buffer]);
  }

  /** Resolves with the context's time of the first silent sample; null where no card runs. */
  private silence(): Promise<number | null> {
    this.waiting = this.waiting.filter(({ message }) => message.kind !== "sound");
    if (!this.isRunning) return Promise.resolve(null);
    this.flushId += 1;
    const id = this.flushId;
    this.post({ kind: "flush", id }, []);
    return new Promise((resolve) => this.flushes.set(id, resolve));
  }

  /** When a sample of the sound card is heard, on the page's clock. */
  private pageMs(contextTime: number): number {
    return performance.now() + (contextTime - this.heardS()) * 1000;
  }

  /** Called often: the audio thread follows the clock. */
  follow(): void {
    if (!this.isRunning) this.waitForCard();
    const origin = this.clock.origin;
    if (!this.isRunning || origin === null) return;
    if (this.sentOrigin !== null && Math.abs(origin - this.sentOrigin) < 20) return;
    this.sentOrigin = origin;
    this.post({ kind: "origin", originUs: origin }, []);
  }

  /** What is heard, as a stream for a recorder; null before `start`. */
  stream(): MediaStream | null {
    if (this.context === null || this.node === null) return null;
    if (this.recording === null) {
      this.recording = this.context.createMediaStreamDestination();
      this.node.connect(this.recording);
    }
    return this.recording.stream;
  }

  private async build(): Promise<void> {
    this.openedAt = performance.now();
    const context = new AudioContext({ latencyHint: "interactive" });
    this.context = context;
    await context.audioWorklet.addModule(workletUrl);
    const node = new AudioWorkletNode(context, "tth-sound", { numberOfInputs: 0, outputChannelCount: [2] });
    node.port.onmessage = (message: MessageEvent<FromWorklet>) => this.told(message.data);
    node.connect(context.destination);
    this.node = node;
    context.onstatechange = () => this.switchClock();
    if (context.state === "suspended") await context.resume();
    this.switchClock();
  }

  /** The clock goes on at the same media moment, whichever clock runs it. */
  private switchClock(): void {
    // A card that has just been opened does not count yet: its time would stand still, and the person with it.
    const runs = this.context?.state === "running" && this.node !== null && (this.isRunning || this.ticks());
    if (runs === this.isRunning) return;
    const before = this.now();
    this.isRunning = runs;
    this.latest = 0;
    this.sentOrigin = null;
    this.clock.rebase(before, this.now());
    if (!runs) return;
    this.follow();
    for (const { message, transfer } of this.waiting.splice(0)) this.node!.port.postMessage(message, transfer);
  }

  /** The first words are not lost where the first touch of the page is what makes her speak. */
  private waitForCard(): void {
    if (this.context?.state === "running") this.switchClock();
    const first = this.waiting.find(({ message }) => message.kind === "sound")?.message;
    if (this.isRunning || first?.kind !== "sound" || performance.now() - this.openedAt > OPENING_MS) return;
    this.clock.waitAt(first.ptsUs, this.now());
  }

  private ticks(): boolean {
    const { context } = this;
    if (context === null) return false;
    const stamp = context.getOutputTimestamp?.();
    return stamp?.contextTime ? stamp.contextTime > 0.02 : context.currentTime > 0.1;
  }

  private heardS(): number {
    const context = this.context!;
    const simple = context.currentTime - (context.outputLatency || context.baseLatency || 0);
    const stamp = context.getOutputTimestamp?.();
    let heard = simple;
    if (stamp?.contextTime && stamp.performanceTime) {
      const exact = stamp.contextTime + (performance.now() - stamp.performanceTime) / 1000;
      if (Math.abs(exact - simple) < MOST_LATENCY_S) heard = exact;
    }
    this.latest = Math.max(this.latest, heard); // time does not go back
    return this.latest;
  }

  private told(report: FromWorklet): void {
    this.flushes.get(report.id)?.(report.contextTime);
    for (const id of [...this.flushes.keys()]) if (id <= report.id) this.flushes.delete(id);
  }

  private post(message: ToWorklet, transfer: Transferable[]): void {
    if (this.node !== null && this.isRunning) this.node.port.postMessage(message, transfer);
    else if (message.kind === "sound" && this.waiting.length < 512) this.waiting.push({ message, transfer });
  }
}
