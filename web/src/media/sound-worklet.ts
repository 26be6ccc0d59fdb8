/** The audio thread: sound by its place on the media clock. What it plays `JitterBuffer` decides. */
import { JitterBuffer } from "../core/jitter-buffer";
import type { FromWorklet, ToWorklet } from "./worklet-messages";

declare const sampleRate: number;
declare const currentFrame: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

class Sound extends AudioWorkletProcessor {
  private readonly buffer = new JitterBuffer(sampleRate);
  private originSamples: number | null = null;
  private flushAsked = 0;
  /** The next one to be played. */
  private frame = 0;

  constructor() {
    super();
    this.port.onmessage = (message: MessageEvent<ToWorklet>) => this.take(message.data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const out = outputs[0]?.[0];
    if (out === undefined || this.originSamples === null) return true;
    // On a busy machine Chromium sometimes calls twice with the same currentFrame: 128 samples would be heard twice, and
    // the next 128 not at all.
    const frame = Math.max(currentFrame, this.frame);
    this.frame = frame + out.length;
    const heard = this.buffer.read(frame + this.originSamples, out);
    for (const other of outputs[0]!.slice(1)) other.set(out);
    if (this.flushAsked && heard === 0) this.tellFlushed(frame);
    return true;
  }

  private take(message: ToWorklet): void {
    switch (message.kind) {
      case "origin":
        this.originSamples = Math.round((message.originUs * sampleRate) / 1e6);
        break;
      case "sound":
        this.sound(message);
        break;
      case "flush":
        this.buffer.flush();
        this.flushAsked = message.id;
        break;
    }
  }

  private sound(message: ToWorklet & { kind: "sound" }): void {
    const samples = new Float32Array(message.samples.length);
    for (let i = 0; i < samples.length; i++) samples[i] = message.samples[i]! / 32768;
    const position = currentFrame + (this.originSamples ?? 0);
    this.buffer.push(message.ptsUs, samples, message.rateHz, message.isLast, position);
  }

  private tellFlushed(frame: number): void {
    const report: FromWorklet = { kind: "flushed", id: this.flushAsked, contextTime: frame / sampleRate };
    this.flushAsked = 0;
    this.port.postMessage(report);
  }
}

registerProcessor("tth-sound", Sound);
