import { describe, expect, test } from "vitest";
import { Resampler } from "../../src/core/resampler";

const FROM = 24_000;

function sine(hz: number, count: number, rateHz: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => 0.8 * Math.sin((2 * Math.PI * hz * i) / rateHz));
}

function whole(samples: Float32Array, toHz: number, chunk = samples.length): Float32Array {
  const resampler = new Resampler(FROM, toHz);
  const parts: Float32Array[] = [];
  for (let at = 0; at < samples.length; at += chunk) parts.push(resampler.push(samples.subarray(at, at + chunk)));
  parts.push(resampler.finish());
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) [joined.set(part, at), (at += part.length)];
  return joined;
}

/** Signal over error in dB, away from the edges. */
function quality(got: Float32Array, hz: number, toHz: number): number {
  const wanted = sine(hz, got.length, toHz);
  let [signal, error] = [0, 0];
  for (let i = 200; i < got.length - 200; i++) {
    signal += wanted[i]! ** 2;
    error += (got[i]! - wanted[i]!) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

describe.each([44_100, 48_000, 96_000])("to %i Hz", (toHz) => {
  test.each([100, 440, 3000, 8000])("a tone of %i Hz comes out as itself, at its own place", (hz) => {
    expect(quality(whole(sine(hz, 9600, FROM), toHz), hz, toHz)).toBeGreaterThan(60);
  });

  test("chunks of 40 ms are as good as the whole", () => {
    const sound = sine(440, 9600, FROM);
    const once = whole(sound, toHz);
    const inChunks = whole(sound, toHz, 960);
    expect(inChunks.length).toBe(once.length);
    for (let i = 0; i < once.length; i++) expect(inChunks[i]!).toBeCloseTo(once[i]!, 6);
  });

  test("it lasts as long as it did, to less than one sample of the input", () => {
    expect(Math.abs(whole(sine(440, 9600, FROM), toHz).length - (9600 * toHz) / FROM)).toBeLessThan(toHz / FROM);
  });
});

test("going down, what the lower rate cannot carry is taken away", () => {
  const got = whole(sine(7000, 9600, FROM), 8000);
  const loudest = Math.max(...got.subarray(100, -100).map(Math.abs));
  expect(loudest).toBeLessThan(0.01);
});

test("the same rate is left alone", () => {
  const sound = sine(440, 960, FROM);
  expect(new Resampler(FROM, FROM).push(sound)).toEqual(sound);
});
