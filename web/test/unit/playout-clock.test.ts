import { describe, expect, test } from "vitest";
import { PlayoutClock } from "../../src/core/playout-clock";

/** Live pictures at 25 a second: sent when due, `transitS` later here. */
function live(clock: PlayoutClock, from: number, seconds: number, transitS: (i: number) => number): number {
  let now = from;
  for (let i = 0; i < seconds * 25; i++) {
    now = from + i * 0.04;
    clock.pictureArrived(i * 40_000, now + transitS(i), true);
    for (let k = 0; k < 4; k++) clock.adapt(now + transitS(i) + k * 0.01);
  }
  return now;
}

test("there is no position before the first media, and it starts behind it", () => {
  const clock = new PlayoutClock();
  expect(clock.positionUs(5)).toBeNull();
  clock.pictureArrived(0, 5, true);
  expect(clock.positionUs(5)).toBeLessThan(0);
  expect(clock.positionUs(5.2)! - clock.positionUs(5.1)!).toBeCloseTo(100_000, 3);
});

describe("the buffer", () => {
  test("comes down to a little more than what the network needs", () => {
    const clock = new PlayoutClock();
    live(clock, 10, 20, () => 0.05);
    expect(clock.delayS()!).toBeCloseTo(0.02, 2);
  });

  test("holds pictures back as long as the slowest of them needs", () => {
    const clock = new PlayoutClock();
    const end = live(clock, 10, 20, (i) => 0.05 + (i % 7 === 0 ? 0.03 : 0));
    const due = (end - 10) * 1e6; // the pts of the picture that is sent at `end`
    expect(clock.positionUs(end + 0.08)!).toBeLessThanOrEqual(due);
  });

  test("changes by 2 % at most, so that nobody sees it", () => {
    const clock = new PlayoutClock();
    clock.pictureArrived(0, 10, true);
    let before = clock.origin!;
    for (let i = 1; i < 200; i++) {
      clock.pictureArrived(i * 40_000, 10 + i * 0.04 - 0.03, true);
      clock.adapt(10 + i * 0.04);
      expect(Math.abs(clock.origin! - before)).toBeLessThanOrEqual(0.02 * 40_000 + 1);
      before = clock.origin!;
    }
  });

  test("is left alone while something is heard", () => {
    const clock = new PlayoutClock();
    clock.soundArrived(0, 5_000_000, 10);
    const before = clock.origin;
    for (let i = 0; i < 50; i++) {
      clock.pictureArrived(i * 40_000, 10 + i * 0.04, true);
      clock.adapt(10 + i * 0.04);
    }
    expect(clock.origin).toBe(before);
  });
});

test("sound that comes too late is waited for, and counted", () => {
  const clock = new PlayoutClock();
  clock.soundArrived(0, 40_000, 10);
  clock.soundArrived(40_000, 40_000, 10.5);
  expect(clock.stalls).toBe(1);
  expect(clock.positionUs(10.5)!).toBeLessThanOrEqual(40_000);
  expect(clock.positionUs(10.6)!).toBeGreaterThan(40_000);
});

test("behind a stop whatever comes next is presented at once", () => {
  const clock = new PlayoutClock();
  clock.soundArrived(0, 4_000_000, 10);
  clock.flush(11);
  expect(clock.isHeard(11)).toBe(false);
  clock.pictureArrived(2_000_000, 11.02, true);
  expect(clock.positionUs(11.1)!).toBeGreaterThan(2_000_000);
  expect(clock.positionUs(11.1)!).toBeLessThan(2_100_000);
});

test("another clock goes on at the same moment", () => {
  const clock = new PlayoutClock();
  clock.soundArrived(0, 4_000_000, 1000);
  const before = clock.positionUs(1001)!;
  clock.rebase(1001, 0.25);
  expect(clock.positionUs(0.25)!).toBeCloseTo(before, 3);
});

test("a machine that slept is not slewed for minutes: it jumps", () => {
  const clock = new PlayoutClock();
  clock.pictureArrived(0, 10, true);
  clock.pictureArrived(60_000_000, 12, true);
  expect(Math.abs(clock.positionUs(12.06)! - 60_000_000)).toBeLessThan(10_000);
});

test("while the sound card is being opened the clock stands before the first sound, and goes on from there", () => {
  const clock = new PlayoutClock();
  clock.soundArrived(1_000_000, 4_000_000, 10);
  for (let now = 10; now <= 10.4; now += 0.016) clock.waitAt(1_000_000, now);
  expect(clock.positionUs(10.4)!).toBeLessThanOrEqual(1_000_000 + 16_000);
  expect(clock.positionUs(10.5)!).toBeGreaterThan(1_050_000);
});
