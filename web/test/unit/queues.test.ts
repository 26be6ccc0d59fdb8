import { describe, expect, test } from "vitest";
import { ByteRate, duration, rate, Spread } from "../../src/core/figures";
import { FrameQueue } from "../../src/core/frame-queue";
import { Generations } from "../../src/core/generations";

describe("FrameQueue", () => {
  function queue(most = 10): { frames: FrameQueue<number>; closed: number[] } {
    const closed: number[] = [];
    return { frames: new FrameQueue<number>((picture) => closed.push(picture), most), closed };
  }
  const frame = (ptsUs: number, turnId = "") => ({ ptsUs, turnId, picture: ptsUs });

  test("shows the newest that is due and leaves out what it overtook", () => {
    const { frames, closed } = queue();
    for (const ptsUs of [0, 40, 80, 120]) frames.push(frame(ptsUs));
    expect(frames.take(100)!.picture).toBe(80);
    expect(closed).toEqual([0, 40]);
    expect(frames.skipped).toBe(2);
    expect(frames.take(100)).toBeNull();
  });

  test("is in order whatever order things come in", () => {
    const { frames } = queue();
    for (const ptsUs of [80, 0, 40]) frames.push(frame(ptsUs));
    expect(frames.take(0)!.picture).toBe(0);
    expect(frames.endUs).toBe(80);
  });

  test("is bounded: the oldest go", () => {
    const { frames, closed } = queue(3);
    for (const ptsUs of [0, 40, 80, 120]) frames.push(frame(ptsUs));
    expect(frames.length).toBe(3);
    expect(closed).toEqual([0]);
  });

  test("gives back what is void", () => {
    const { frames, closed } = queue();
    for (const [ptsUs, turnId] of [[0, "a"], [40, "b"], [80, "a"]] as const) frames.push(frame(ptsUs, turnId));
    frames.discard((one) => one.turnId === "a");
    expect(closed).toEqual([0, 80]);
    expect(frames.take(1000)!.turnId).toBe("b");
  });
});

describe("Generations", () => {
  test("a stop makes everything void that runs, at once", () => {
    const generations = new Generations();
    generations.begin("a");
    expect(generations.admits("a")).toBe(true);
    expect(generations.raise()).toEqual(["a"]);
    expect(generations.admits("a")).toBe(false);
    expect(generations.staleCount).toBe(1);
  });

  test("what belongs to no turn always counts, and so does the next turn", () => {
    const generations = new Generations();
    generations.begin("a");
    generations.raise();
    generations.begin("b");
    expect(generations.admits("")).toBe(true);
    expect(generations.admits("b")).toBe(true);
  });

  test("a turn that completed still plays; one that was stopped does not", () => {
    const generations = new Generations();
    generations.begin("a");
    generations.ended("a", false);
    expect(generations.isVoid("a")).toBe(false);
    generations.begin("b");
    generations.ended("b", true);
    expect(generations.isVoid("b")).toBe(true);
  });

  test("remembers a bounded number of turns, the newest", () => {
    const generations = new Generations();
    for (let i = 0; i < 100; i++) {
      generations.begin(`t${i}`);
      generations.raise();
    }
    expect(generations.isVoid("t99")).toBe(true);
    expect(generations.isVoid("t0")).toBe(false);
  });
});

describe("figures", () => {
  test("bytes a second over the window", () => {
    const bytes = new ByteRate(4);
    for (let i = 0; i <= 100; i++) bytes.add(400, i * 0.04);
    expect(bytes.perSecond(4)).toBeCloseTo(10_100, -2);
    expect(bytes.perSecond(20)).toBe(0);
    expect(bytes.total).toBe(40_400);
  });

  test("the spread of signed offsets", () => {
    const spread = new Spread(100);
    for (let i = 1; i <= 100; i++) spread.add(i % 2 ? i : -i);
    expect(spread.absQuantile(0.95)).toBe(96);
    expect(new Spread().absQuantile(0.95)).toBeNull();
  });

  test("for people", () => {
    expect(duration(38.4)).toBe("38 ms");
    expect(duration(1234)).toBe("1.23 s");
    expect(rate(7400)).toBe("7.4 KB/s");
    expect(rate(185_000)).toBe("185 KB/s");
  });
});
