/**
 * Sound by its place on the media clock: chunks come in when the network brings them, samples go out when they are due.
 *
 * Lives in the audio thread. Pure: no clock, no Web Audio. All places are counted in samples of the sound card's rate
 * from media time 0. Where nothing lies, there is silence, and edges are faded so that nothing clicks. Bounded: what is
 * further ahead than MAX_AHEAD_S is refused.
 */
import { Resampler } from "./resampler";

const FADE_S = 0.004;
/** Above what a server sends ahead (3 s at most) and what a stop leaves behind. */
const MAX_AHEAD_S = 12;
/** Chunks that lie nearer to each other than this are one run: microseconds are rounded. */
const SEAM_S = 0.0005;

interface Segment {
  readonly start: number;
  readonly samples: Float32Array;
}

export class JitterBuffer {
  private segments: Segment[] = [];
  private run: { resampler: Resampler; nextInputUs: number; nextOutput: number } | null = null;
  private previous = 0;
  private tail = 0;
  private tailStep = 0;
  private gain = 0;
  /** Samples that came too late to be heard. */
  lateSamples = 0;

  constructor(readonly rateHz: number) {}

  /** A chunk of one channel. Returns false where there is no room for it. */
  push(ptsUs: number, samples: Float32Array, fromHz: number, isLast: boolean, positionNow: number): boolean {
    const start = Math.round((ptsUs * this.rateHz) / 1e6);
    if (start - positionNow > MAX_AHEAD_S * this.rateHz) return false;
    const joins =
      this.run !== null && this.run.resampler.fromHz === fromHz && Math.abs(ptsUs - this.run.nextInputUs) < SEAM_S * 1e6;
    if (!joins) {
      this.close();
      this.run = { resampler: new Resampler(fromHz, this.rateHz), nextInputUs: ptsUs, nextOutput: start };
    }
    const run = this.run!;
    this.add(run.nextOutput, run.resampler.push(samples), positionNow);
    run.nextInputUs = ptsUs + (samples.length / fromHz) * 1e6;
    if (isLast) this.close();
    return true;
  }

  /** Fills `out` with what is due from `position` on. Returns how many samples of it are sound. */
  read(position: number, out: Float32Array): number {
    out.fill(0);
    const end = position + out.length;
    let heard = 0;
    for (const { start, samples } of this.segments) {
      const from = Math.max(position, start);
      const to = Math.min(end, start + samples.length);
      if (from >= to) continue;
      out.set(samples.subarray(from - start, to - start), from - position);
      heard += to - from;
    }
    while (this.segments.length && this.segments[0]!.start + this.segments[0]!.samples.length <= end) this.segments.shift();
    this.fade(out, heard);
    return heard;
  }

  /** Throw everything away; what is being heard fades out within 4 ms. */
  flush(): void {
    this.segments = [];
    this.run = null;
    this.dieAway();
    this.gain = 0;
  }

  /** Where the sound at hand ends; null where there is none. */
  get end(): number | null {
    const last = this.segments.at(-1);
    return last ? last.start + last.samples.length : null;
  }

  private close(): void {
    if (this.run === null) return;
    this.add(this.run.nextOutput, this.run.resampler.finish(), 0);
    this.run = null;
  }

  private add(start: number, samples: Float32Array, positionNow: number): void {
    this.lateSamples += Math.min(samples.length, Math.max(0, positionNow - start));
    if (this.run) this.run.nextOutput = start + samples.length;
    if (samples.length) this.segments.push({ start, samples });
  }

  /** The last value goes down to nothing instead of being cut. */
  private dieAway(): void {
    this.tail = this.previous;
    this.tailStep = Math.abs(this.tail) / (FADE_S * this.rateHz);
  }

  /** Sound that begins or ends at once clicks: begin from nothing, and let the last value die away. */
  private fade(out: Float32Array, heard: number): void {
    const step = 1 / (FADE_S * this.rateHz);
    if (heard === 0) {
      if (this.gain > 0) this.dieAway();
      this.gain = 0;
    } else {
      for (let i = 0; i < out.length && this.gain < 1; i++) {
        if (out[i] === 0 && this.gain === 0) continue;
        this.gain = Math.min(1, this.gain + step);
        out[i]! *= this.gain;
      }
    }
    for (let i = 0; i < out.length && this.tail !== 0; i++) {
      const left = Math.abs(this.tail) - this.tailStep;
      this.tail = left > 0 ? Math.sign(this.tail) * left : 0;
      out[i]! += this.tail;
    }
    this.previous = out[out.length - 1]!;
  }
}
