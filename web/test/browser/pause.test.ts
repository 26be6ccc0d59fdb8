/**
 * A turn that is paused and goes on, by an ear of the test's own: how soon it is silent, and that a listener hears every
 * sample of what the voice said, once, however often it was held.
 */
import { fromBinary } from "@bufbuild/protobuf";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { ConverseResponseSchema } from "../../src/contract/tth/v1/converse_pb";
import { closeAll, figure, figureMs, launch, measured, open, say, untilOver } from "./browser";
import { EARS, heard, listen, record } from "./ear";

const COUNTED = "One two three four five six seven eight nine ten eleven twelve.";
const WORDS = COUNTED.slice(0, -1).split(" ");
const QUIET = 1e-3;
let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());
afterEach(() => closeAll(browser));

/** Stretches of sound that are further apart than any two words are. */
function stretches({ samples, rateHz }: { samples: Float32Array; rateHz: number }): Float32Array[] {
  const found: Float32Array[] = [];
  let start = -1;
  let last = -1;
  for (let i = 0; i <= samples.length; i++) {
    const isLoud = i < samples.length && Math.abs(samples[i]!) > QUIET;
    if (start >= 0 && (i === samples.length || (isLoud && i - last > 0.7 * rateHz))) {
      found.push(samples.subarray(start, last + 1));
      start = -1;
    }
    if (!isLoud) continue;
    if (start < 0) start = i;
    last = i;
  }
  return found;
}

/** Without what is faster than some 700 Hz: places are whole samples, and half of one more or less is much of a hiss. */
function dull(samples: Float32Array, rateHz: number): Float32Array {
  const width = Math.round(rateHz / 1400);
  const out = new Float32Array(samples.length);
  let sum = 0;
  for (let i = 0; i < samples.length; i++) {
    sum += samples[i]! - (samples[i - width] ?? 0);
    out[i] = sum / width;
  }
  return out;
}

/** Where a stretch fits into the whole best, near a place, and how well: 1 is exactly. Its edges fade within 4 ms. */
function place(piece: Float32Array, whole: Float32Array, near: number, rateHz: number): { at: number; likeness: number } {
  const edge = Math.round(0.006 * rateHz);
  const likenessAt = (at: number, length: number) => {
    let [both, mine, other] = [0, 0, 0];
    for (let i = edge; i < length - edge; i++) {
      const [a, b] = [piece[i]!, whole[at + i] ?? 0];
      both += a * b;
      mine += a * a;
      other += b * b;
    }
    return both / Math.sqrt(mine * other + 1e-12);
  };
  const probe = Math.min(piece.length, Math.round(0.1 * rateHz));
  let best = { at: 0, likeness: -1 };
  for (let at = Math.max(0, Math.round(near - 0.4 * rateHz)); at < near + 0.4 * rateHz; at++) {
    const likeness = likenessAt(at, probe);
    if (likeness > best.likeness) best = { at, likeness };
  }
  return { at: best.at, likeness: likenessAt(best.at, piece.length) };
}

/** Every stretch is where the one before ended; what is between them is silence in the whole as well. */
function expectOnce(pieces: Float32Array[], whole: Float32Array, rateHz: number): void {
  let end = 0;
  const dullWhole = dull(whole, rateHz);
  const told: string[] = [];
  for (const piece of pieces) {
    const { at, likeness } = place(dull(piece, rateHz), dullWhole, end, rateHz);
    const lost = whole.subarray(Math.max(0, Math.min(end, at)), at).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    told.push(`${(((at - end) / rateHz) * 1000).toFixed(1)} ms on, like ${likeness.toFixed(3)}`);
    expect(likeness, told.join("; ")).toBeGreaterThan(0.99);
    expect((end - at) / rateHz, `heard twice: ${told.join("; ")}`).toBeLessThan(0.006); // edges fade within 4 ms
    expect(lost, `lost: ${told.join("; ")}`).toBeLessThan(0.02);
    end = at + piece.length;
  }
  console.log(told.join("; "));
  expect(Math.abs(end - whole.length) / rateHz, "to its end").toBeLessThan(0.01);
}

const word = (page: Page) => page.textContent("#caption .now", { timeout: 5000 });
const look = (page: Page) => page.evaluate(() => document.querySelector<HTMLCanvasElement>("#screen")!.toDataURL("image/jpeg", 0.9));

describe.each([
  ["the button", "click", (page: Page) => page.click("#pause")],
  ["Space", "keydown", (page: Page) => page.press("#text", " ")],
] as const)("paused by %s", (name, kind, act) => {
  test("she is silent at once and listens, the caption waits, and she goes on", { retry: 2 }, async () => {
    const { page, complaints } = await open(browser, inject("pageUrl"), EARS, listen);
    await say(page, COUNTED);
    await page.waitForTimeout(900);
    await page.evaluate((event) => {
      addEventListener(event, ({ timeStamp }) => void (window.ear.eyeMs = [timeStamp]), { capture: true, once: true });
    }, kind);
    await act(page);
    await page.waitForTimeout(1500); // longer than what the server sends ahead
    const ms = await page.evaluate(() => window.ear.lastLoudMs - window.ear.eyeMs[0]!);
    console.log(`${name} to silence: ${ms.toFixed(1)} ms by an ear of its own; the page says ${await figure(page, "Pause to silence")}`);
    expect(ms, "the ear hears").toBeGreaterThan(-500);
    expect(ms).toBeLessThan(100);
    expect(await figureMs(page, "Pause to silence")).toBeLessThan(100);
    expect(await page.textContent("#status-text")).toContain("Paused");
    expect(await page.getAttribute("#pause", "aria-label")).toBe("Resume");
    const [caption, picture] = [await page.innerHTML("#caption"), await look(page)];
    await page.waitForTimeout(1000);
    expect(await page.innerHTML("#caption"), "the caption waits").toBe(caption);
    expect(await look(page), "she moves").not.toBe(picture);
    expect(caption).toContain("One");
    await act(page);
    await page.waitForFunction((since) => window.ear.lastLoudMs > since, await page.evaluate(() => performance.now()));
    expect(WORDS.indexOf((await word(page))!), "goes on in the middle").toBeGreaterThan(0);
    await untilOver(page);
    expect(await figure(page, "Outcome")).toBe("completed");
    expect(await figureMs(page, "Paused")).toBeGreaterThan(2400);
    expect(await page.textContent("#log")).toContain(COUNTED);
    expect(await page.locator("#log s").count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

/** Says it once as it is, and once held at these moments after it was begun to be heard; both as they were heard. */
async function saidTwice(page: Page, text: string, holdAfterMs: readonly number[]): Promise<void> {
  await say(page, "Hm."); // the sound card is open from now on
  await untilOver(page);
  await heard(page);
  await say(page, text);
  await untilOver(page);
  await page.waitForTimeout(300);
  const asItIs = await heard(page);
  const whole = stretches(asItIs);
  expect(whole.length).toBe(1);
  await say(page, text);
  for (const ms of holdAfterMs) {
    await page.waitForTimeout(ms);
    await page.click("#pause");
    await page.waitForTimeout(1600);
    await page.click("#pause");
    await page.waitForFunction((since) => window.ear.lastLoudMs > since, await page.evaluate(() => performance.now()));
  }
  await untilOver(page);
  await page.waitForTimeout(300);
  const pieces = stretches(await heard(page));
  expect(pieces.length).toBe(1 + holdAfterMs.length);
  const { stalls } = await measured(page);
  expect(stalls, "sound came too late on a busy machine, and was waited for in the middle").toBe(0);
  expectOnce(pieces, whole[0]!, asItIs.rateHz);
}

test("what is heard is what was said, every sample once, however often it was held", { retry: 2 }, async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"), EARS, record);
  await saidTwice(page, COUNTED, [700, 450, 800]);
  expect(complaints).toEqual([]);
});

test("held where the server had sent it all already: the page goes on alone", { retry: 2 }, async () => {
  let pauses = 0;
  const { page, complaints } = await open(browser, inject("pageUrl"), EARS, async (page) => {
    await record(page);
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => {
      pauses += Number(fromBinary(ConverseResponseSchema, payload as Buffer).payload.case === "turnPaused");
    }));
  });
  await saidTwice(page, "One two three.", [150]);
  expect(pauses, "the server had nothing left to hold").toBe(0);
  expect(await figure(page, "Outcome")).toBe("completed");
  expect(complaints).toEqual([]);
});

test("while she is paused a text can be thought over; sent, it takes the turn's place", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"));
  await say(page, COUNTED);
  await page.waitForTimeout(900);
  await page.press("#text", " ");
  await page.waitForFunction(() => document.querySelector("#status-text")!.textContent!.startsWith("Paused"));
  await page.keyboard.type("Wait");
  await page.waitForTimeout(300);
  expect(await page.textContent("#status-text"), "typing does not end a pause").toContain("Paused");
  expect(await page.locator("#send").isVisible()).toBe(true);
  await page.fill("#text", "Something else.");
  await page.click("#send");
  await page.waitForFunction(() => document.querySelector("#caption .now")?.parentElement?.textContent === "Something else.");
  await untilOver(page);
  expect(await figure(page, "Outcome")).toBe("completed");
  const said = page.locator("#log > div", { hasText: "One" });
  expect((await said.locator("s").textContent())!, "what was not heard is crossed out").toContain("twelve");
  expect(complaints).toEqual([]);
});

test("Esc ends a paused turn where it was held", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"));
  await say(page, COUNTED);
  await page.waitForTimeout(900);
  await page.click("#pause");
  await page.waitForTimeout(700);
  await page.keyboard.press("Escape");
  await untilOver(page);
  await page.locator("#log s").waitFor();
  expect(await figure(page, "Outcome")).toBe("interrupted");
  expect(await page.textContent("#log s")).toContain("twelve");
  expect(await page.textContent("#status-text")).not.toContain("Paused");
  await say(page, "Good.");
  await untilOver(page);
  expect(await figure(page, "Outcome")).toBe("completed");
  expect(complaints).toEqual([]);
});
