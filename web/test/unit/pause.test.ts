import { describe, expect, test } from "vitest";
import { Captions } from "../../src/core/captions";
import { FrameQueue } from "../../src/core/frame-queue";
import { SoundShelf } from "../../src/core/sound-shelf";
import { Waterfall } from "../../src/core/waterfall";
import { Hold, type HoldEffects } from "../../src/session/hold";
import { TextMode } from "../../src/session/messages";
import { Turn } from "../../src/session/turn";

describe("SoundShelf", () => {
  const RATE = 1000;
  /** Samples that say where they belong: one a millisecond. */
  const piece = (fromMs: number, count = 40) => ({
    ptsUs: fromMs * 1000, rateHz: RATE, isLast: false,
    data: new Uint8Array(Int16Array.from({ length: count }, (_, i) => fromMs + i).buffer),
  });
  const samples = ({ data }: { data: Uint8Array }) => [...new Int16Array(data.slice().buffer)];

  test("gives back the very samples that were not heard, so much later", () => {
    const shelf = new SoundShelf();
    expect(shelf.take(piece(0), -Infinity)).toBe(true);
    expect(shelf.take(piece(40), 10_000)).toBe(true);
    shelf.hold();
    expect(shelf.take(piece(80), 55_000), "kept back").toBe(false);
    const left = shelf.release(55_000, 1_000_000);
    expect(left.map((one) => one.ptsUs)).toEqual([1_055_000, 1_080_000]);
    expect(left.flatMap(samples)).toEqual(Array.from({ length: 65 }, (_, i) => 55 + i));
    expect(shelf.take(piece(1120), 0), "and goes on").toBe(true);
  });

  test("can be held again on its way", () => {
    const shelf = new SoundShelf();
    shelf.take(piece(0, 100), -Infinity);
    shelf.hold();
    shelf.release(30_000, 500_000);
    shelf.hold();
    const [left] = shelf.release(560_000, 100_000);
    expect(left!.ptsUs).toBe(660_000);
    expect(samples(left!)).toEqual(Array.from({ length: 40 }, (_, i) => 60 + i));
  });

  test("what is void stays so, also when it comes late; what is told again is played", () => {
    const shelf = new SoundShelf();
    shelf.take(piece(0), -Infinity);
    shelf.hold();
    shelf.take(piece(80), 0);
    shelf.voidHeld();
    expect(shelf.take(piece(40), 0), "was being decoded").toBe(false);
    expect(shelf.take(piece(120), 0)).toBe(true);
    expect(shelf.release(0, 0).length).toBe(1);
  });

  test("what was heard is let go, and what waits is bounded", () => {
    const shelf = new SoundShelf();
    for (let i = 0; i < 10_000; i++) shelf.take(piece(40 * i), 40_000 * i);
    expect(shelf.release(0, 0).length).toBe(1);
    const hung = new SoundShelf();
    for (let i = 0; i < 10_000; i++) hung.take(piece(40 * i), -Infinity);
    expect(hung.release(0, 0).length).toBeLessThanOrEqual(256);
  });
});

describe("FrameQueue, held", () => {
  function queue(): { frames: FrameQueue<number>; closed: number[] } {
    const closed: number[] = [];
    return { frames: new FrameQueue<number>((picture) => closed.push(picture), 10), closed };
  }
  const frame = (ptsUs: number, turnId = "t") => ({ ptsUs, turnId, picture: ptsUs });

  test("shows nothing of the turn, but whoever is there meanwhile", () => {
    const { frames } = queue();
    for (const ptsUs of [40, 80]) frames.push(frame(ptsUs));
    frames.hold("t");
    frames.push(frame(120));
    expect(frames.take(1000)).toBeNull();
    frames.push(frame(160, ""));
    expect(frames.take(1000)!.picture).toBe(160);
  });

  test("what is void is given back, also what a decoder brings late; what is told behind it is shown", () => {
    const { frames, closed } = queue();
    frames.push(frame(40));
    frames.hold("t");
    frames.push(frame(80));
    frames.voidHeld(120);
    frames.push(frame(120));
    expect(closed).toEqual([40, 80, 120]);
    frames.push(frame(160));
    expect(frames.take(160)!.picture).toBe(160);
  });

  test("released, it is shown so much later, and nobody else until it ends", () => {
    const { frames, closed } = queue();
    for (const ptsUs of [40, 80]) frames.push(frame(ptsUs));
    frames.hold("t");
    frames.release(1000);
    frames.push(frame(1050, ""));
    frames.push(frame(120)); // a decoder was late
    frames.push(frame(1130, ""));
    expect(frames.take(1040)!.picture).toBe(40);
    expect(frames.take(1080)!.picture).toBe(80);
    expect(closed).toEqual([1050]);
    expect(frames.take(1120)!.picture).toBe(120);
    expect(frames.take(1130)!.picture).toBe(1130);
  });

  test("is bounded", () => {
    const { frames, closed } = queue();
    frames.hold("t");
    for (let i = 0; i < 15; i++) frames.push(frame(i));
    expect(closed).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("Captions", () => {
  const captions = () => {
    const made = new Captions("t");
    made.addText("one two three", 0);
    made.addWord("one", 0, 0, 100);
    made.addWord("two", 4, 100, 100);
    made.addWord("three", 8, 200, 100);
    return made;
  };
  const now = (made: Captions, at: number) => made.view(at).find((part) => part.state === "now")?.text;

  test("words behind a pause come again with new times", () => {
    const made = captions();
    made.cutWords(200);
    expect(now(made, 250)).toBeUndefined();
    made.addWord("three", 8, 900, 100);
    expect(now(made, 950)).toBe("three");
    expect(made.view(950)[0]).toEqual({ text: "one two ", state: "heard" });
  });

  test("what the page held back itself is heard later, the word that was cut with it", () => {
    const made = captions();
    made.shiftWords(150, 1000);
    expect(now(made, 1150)).toBe("two");
    expect(now(made, 1250)).toBe("three");
    expect(made.heardText(1000)).toBe("one");
  });
});

test("Waterfall: every pause is measured to silence and to its end", () => {
  const waterfall = new Waterfall("t", 0);
  expect(waterfall.pausedMs(100)).toBeNull();
  waterfall.pauseAsked(1000);
  expect(waterfall.pauseMs).toBeNull();
  waterfall.pauseSilent(1040);
  expect(waterfall.pauseMs).toBe(40);
  expect(waterfall.pausedMs(1500)).toBe(500);
  waterfall.pauseEnded(3000);
  waterfall.pauseAsked(4000);
  waterfall.pauseEnded(4500);
  waterfall.pauseEnded(9000);
  expect(waterfall.pausedMs(20_000)).toBe(2500);
});

describe("Hold", () => {
  function held(turn = new Turn("t", "hello", TextMode.SAY, 0)) {
    const done: string[] = [];
    let silence: (at: { ptsUs: number; silentAtMs: number }) => void = () => undefined;
    const effects: HoldEffects = {
      pause: () => done.push("pause") && 7,
      resume: () => void done.push("resume"),
      playback: () => null,
      hold: () => new Promise((resolve) => (silence = resolve)),
      voidHeld: () => void done.push("void"),
      liveMeanwhile: () => void done.push("live"),
      release: (fromUs) => (done.push(`release ${fromUs}`), 500),
      changed: () => undefined,
    };
    const hold = new Hold(turn, effects);
    const silent = async () => {
      silence({ ptsUs: 100, silentAtMs: 1 });
      await Promise.resolve();
    };
    return { turn, hold, done, silent };
  }

  test("the server is told where it is silent, and what was sent is void once it says so", async () => {
    const { hold, done, silent } = held();
    expect(done, "not before it is known where").toEqual([]);
    await silent();
    expect([hold.atUs, done]).toEqual([100, ["pause"]]);
    hold.paused(100);
    hold.goOn();
    expect([done, hold.isEnding, hold.isOver]).toEqual([["pause", "void", "resume"], true, false]);
    hold.resumed();
    expect(hold.isOver).toBe(true);
  });

  test("who goes on before the answer is there goes on when it is", async () => {
    const { hold, done, silent } = held();
    hold.goOn();
    await silent();
    expect(hold.isEnding).toBe(true);
    hold.paused(100);
    expect(done).toEqual(["pause", "void", "resume"]);
  });

  test.each(["completed before", "completed meanwhile", "refused"])("nothing is void of a turn that was %s", async (how) => {
    const { turn, hold, done, silent } = held();
    [turn.isComplete, turn.endUs] = [how === "completed before", 300];
    await silent();
    if (how === "completed meanwhile") hold.complete();
    if (how === "refused") expect([hold.refused(6), hold.refused(7), hold.refused(7)]).toEqual([false, true, false]);
    hold.goOn();
    expect(done).toEqual([...(how === "completed before" ? [] : ["pause"]), "live", "release 100"]);
    expect([turn.endUs, turn.laterUs, hold.isOver]).toEqual([800, 500, true]);
  });

  test("a turn that ends while it is held does not go on", async () => {
    const { hold, done, silent } = held();
    hold.end();
    await silent();
    hold.paused(100);
    hold.complete();
    expect(done).toEqual([]);
  });
});
