import { expect, test } from "vitest";
import { JitterBuffer } from "../../src/core/jitter-buffer";

const RATE = 24_000;
const level = (count: number, value = 0.5) => new Float32Array(count).fill(value);

/** Everything between two positions, in quanta as the audio thread asks. */
function heard(buffer: JitterBuffer, from: number, to: number): number[] {
  const all: number[] = [];
  const out = new Float32Array(128);
  for (let at = from; at < to; at += 128) {
    buffer.read(at, out);
    all.push(...out);
  }
  return all;
}

test("sound is heard at its place, silence before and behind", () => {
  const buffer = new JitterBuffer(RATE);
  buffer.push(100_000, level(960), RATE, true, 0); // 0.1 s = sample 2400
  const all = heard(buffer, 0, 7680);
  expect(all.slice(0, 2400).every((value) => value === 0)).toBe(true);
  expect(all[2400 + 200]).toBeCloseTo(0.5, 3);
  expect(all[3359]).toBeCloseTo(0.5, 3);
  expect(Math.abs(all[3360 + 400]!)).toBeLessThan(0.01);
});

test("chunks that arrive in time are heard without a seam", () => {
  const buffer = new JitterBuffer(48_000);
  const tone = Float32Array.from({ length: 2400 }, (_, i) => Math.sin((2 * Math.PI * 300 * i) / RATE));
  for (let i = 0; i < 3; i++) buffer.push(i * 33_333, tone.subarray(i * 800, i * 800 + 800), RATE, i === 2, 0);
  const all = heard(buffer, 0, 4736);
  for (let i = 300; i < 4600; i++) expect(Math.abs(all[i]! - all[i - 1]!)).toBeLessThan(0.045);
});

test("sound begins and is cut without a click", () => {
  const buffer = new JitterBuffer(RATE);
  buffer.push(0, level(2400), RATE, true, 0);
  const before = heard(buffer, 0, 1280);
  buffer.flush();
  const after = heard(buffer, 1280, 2560);
  const all = [0, ...before, ...after];
  for (let i = 1; i < all.length; i++) expect(Math.abs(all[i]! - all[i - 1]!)).toBeLessThan(0.03);
  expect(after.slice(200).every((value) => value === 0)).toBe(true);
});

test("a flush leaves nothing, and what comes next is heard", () => {
  const buffer = new JitterBuffer(RATE);
  buffer.push(0, level(24_000), RATE, true, 0);
  buffer.flush();
  expect(buffer.end).toBeNull();
  buffer.push(40_000, level(960, 0.25), RATE, true, 0);
  expect(heard(buffer, 0, 1920)[1600]).toBeCloseTo(0.25, 3);
});

test("what is absurdly far ahead is refused", () => {
  const buffer = new JitterBuffer(RATE);
  expect(buffer.push(60_000_000, level(960), RATE, false, 0)).toBe(false);
  expect(buffer.end).toBeNull();
});

test("samples that came too late are counted", () => {
  const buffer = new JitterBuffer(RATE);
  buffer.push(0, level(960), RATE, true, 480);
  expect(buffer.lateSamples).toBe(480);
});
