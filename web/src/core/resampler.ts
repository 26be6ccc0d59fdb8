/**
 * Sound from the wire's rate to the sound card's: a windowed sinc, evaluated where each output sample falls.
 *
 * One instance follows one contiguous run of sound: what is given chunk by chunk comes out as if it had been given at
 * once. Pure. The filter looks HALF_WIDTH input samples ahead, 0.7 ms at 24 kHz; `finish` lets out what it holds back.
 */

const HALF_WIDTH = 16;
const PHASES = 512;
/** Kaiser, beta 8: side lobes 80 dB down, below the 16 bits of the sound. */
const BETA = 8;

export class Resampler {
  private readonly step: number;
  private readonly table: Float32Array;
  /** The last input samples: what the filter still needs. The first output sample stands on input sample 0. */
  private held: Float32Array = new Float32Array(HALF_WIDTH);
  /** Where the next output sample stands, in samples of `held`. */
  private at = HALF_WIDTH;

  constructor(readonly fromHz: number, readonly toHz: number) {
    this.step = fromHz / toHz;
    // Going down, the filter must also take away what the lower rate cannot carry.
    this.table = kernel(Math.min(1, toHz / fromHz) * 0.96);
  }

  /** samples: -1..1, right behind those of the call before. Returns what can be said so far at the new rate. */
  push(samples: Float32Array): Float32Array {
    if (this.fromHz === this.toHz) return samples.slice();
    const input = new Float32Array(this.held.length + samples.length);
    input.set(this.held);
    input.set(samples, this.held.length);
    const count = Math.max(0, Math.floor((input.length - HALF_WIDTH - 1 - this.at) / this.step) + 1);
    const output = new Float32Array(count);
    for (let i = 0; i < count; i++) output[i] = this.sample(input, this.at + i * this.step);
    const next = this.at + count * this.step;
    const first = Math.max(0, Math.floor(next) - HALF_WIDTH);
    this.held = input.slice(first);
    this.at = next - first;
    return output;
  }

  /** The rest of a run that has ended. The instance is not used again. */
  finish(): Float32Array {
    return this.fromHz === this.toHz ? new Float32Array(0) : this.push(new Float32Array(HALF_WIDTH));
  }

  private sample(input: Float32Array, position: number): number {
    const base = Math.floor(position);
    const phase = (position - base) * PHASES;
    const row = Math.floor(phase);
    const part = phase - row;
    const width = HALF_WIDTH * 2;
    const low = row * width;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const weight = this.table[low + k]! * (1 - part) + this.table[low + width + k]! * part;
      sum += weight * (input[base - HALF_WIDTH + 1 + k] ?? 0);
    }
    return sum;
  }
}

/** One row of weights for each phase between two input samples, and one more to mix with. Each row sums to 1. */
function kernel(cutoff: number): Float32Array {
  const width = HALF_WIDTH * 2;
  const table = new Float32Array((PHASES + 1) * width);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const x = k - (HALF_WIDTH - 1) - phase / PHASES;
      const weight = sinc(x * cutoff) * kaiser(x / HALF_WIDTH);
      table[phase * width + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) table[phase * width + k]! /= sum;
  }
  return table;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/** Modified Bessel function of order zero, by its series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 32; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
