/** Other ways through the page: browsers that can do less, a server that asks for a token, a recording. */
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { closeAll, launch, measured, open, say, untilOver } from "./browser";

let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());
afterEach(() => closeAll(browser));

test("a browser without WebCodecs gets JPEG, and is in step as well", { retry: 1 }, async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"), {}, (page) =>
    page.addInitScript(() => void delete (window as { VideoDecoder?: unknown }).VideoDecoder));
  await say(page, "One two three four five six seven eight.");
  await untilOver(page);
  const { offsetP95Ms, offsetCount } = await measured(page);
  expect(offsetCount).toBeGreaterThan(20);
  expect(offsetP95Ms).toBeLessThanOrEqual(40);
  expect(complaints).toEqual([]);
});

test("a recording holds what was seen and heard", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"));
  await page.click("#record");
  await say(page, "This is recorded.");
  await untilOver(page);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#record")]);
  expect(download.suggestedFilename()).toMatch(/^tth-.*\.(mp4|webm)$/);
  const bytes = readFileSync(await download.path());
  expect(bytes.length).toBeGreaterThan(30_000);
  const played = await page.evaluate(async (data) => {
    const video = document.createElement("video");
    video.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))]));
    video.muted = true;
    await new Promise((ready, failed) => [(video.onloadeddata = ready), (video.onerror = failed)]);
    const sound = await new AudioContext().decodeAudioData(await (await fetch(video.src)).arrayBuffer());
    const samples = sound.getChannelData(0);
    return { width: video.videoWidth, seconds: sound.duration, loudest: samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0) };
  }, bytes.toString("base64"));
  expect(played.width).toBe(512);
  expect(played.seconds).toBeGreaterThan(1);
  expect(played.loudest).toBeGreaterThan(0.05);
  expect(complaints).toEqual([]);
});

test("she listens while an answer is wanted from her, and no longer when the box is empty again", async () => {
  const sent: string[] = [];
  const { page } = await open(browser, inject("pageUrl"), {}, async (page) => {
    page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(payload.toString("latin1"))));
  });
  await page.focus("#text");
  await page.keyboard.type("Hm");
  await expect.poll(() => sent.some((one) => /p_[0-9a-f]{20}/.test(one))).toBe(true);
  await page.fill("#text", "");
  await expect.poll(() => sent.some((one) => one.includes("nothing was said"))).toBe(true);
  expect(await page.locator("#log > div").count()).toBe(0);
});

test("somebody who has nothing to say yet is offered a beginning", async () => {
  const { page } = await open(browser, inject("pageUrl"));
  await page.click("#starters >> text=Who are you?");
  await page.waitForFunction(() => document.querySelector("#caption .now") !== null);
  await page.waitForSelector("#starters", { state: "hidden" });
  expect(await page.textContent("#log")).toContain("Who are you?");
});

/** What is shown, 16 x 16: red, green and blue of each point, from the upper left corner on. */
const seen = (page: Page) => page.evaluate(() => {
  const pen = new OffscreenCanvas(16, 16).getContext("2d")!;
  pen.drawImage(document.querySelector<HTMLCanvasElement>("#screen")!, 0, 0, 16, 16);
  return [...pen.getImageData(0, 0, 16, 16).data].filter((_, i) => i % 4 < 3);
});
const difference = (one: number[], other: number[]) =>
  one.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / one.length;

test("another person takes over in the same conversation, with a face and a manner of their own", async () => {
  let sockets = 0;
  const { page, complaints } = await open(browser, inject("pageUrl"), {}, async (page) => {
    page.on("websocket", () => void (sockets += 1));
  });
  await say(page, "My name is Karin.", "talk");
  await page.click("#pad-labels >> text=angry");
  await page.locator("#report tr", { hasText: "angry" }).waitFor();
  await page.check("input[name=person][value=professional]", { force: true });
  await page.waitForSelector("#text[placeholder='Say something to Marco']");
  await expect.poll(() => page.inputValue("#slider-motionGain")).toBe("0.7");
  expect(await page.textContent("#mood-label"), "a mood of his own").not.toBe("angry");
  await say(page, "What is my name?", "talk");
  await untilOver(page);
  expect(await page.locator("#log > div").last().textContent(), "and he knows what was said").toMatch(/^Marco.*Karin/);
  expect(sockets, "no new session").toBe(1);
  expect(complaints).toEqual([]);
});

test("another background and framing are seen at once between turns, and behind a turn that runs", async () => {
  let sockets = 0;
  const { page, complaints } = await open(browser, inject("pageUrl"), {}, async (page) => {
    page.on("websocket", () => void (sockets += 1));
  });
  const isGreen = async () => {
    const [red, green, blue] = await seen(page);
    return green! > 150 && red! < 100 && blue! < 120;
  };
  expect(await isGreen()).toBe(false);
  await page.selectOption("#background", "green");
  await expect.poll(isGreen, { timeout: 5000 }).toBe(true);
  await say(page, "One two three four five six.");
  await page.selectOption("#background", "studio");
  await page.waitForSelector("#notice:not([hidden])");
  expect(await page.textContent("#notice")).toContain("as soon as this turn is over");
  await page.locator("#report tr", { hasText: "Background" }).filter({ hasText: "from the next turn" }).waitFor();
  expect(await page.inputValue("#background")).toBe("studio");
  await untilOver(page);
  await expect.poll(isGreen, { timeout: 5000 }).toBe(false);
  const before = await seen(page);
  await page.waitForTimeout(400);
  expect(difference(await seen(page), before), "somebody who breathes").toBeLessThan(6);
  await page.selectOption("#framing", "1");
  await expect.poll(async () => difference(await seen(page), before), { timeout: 5000 }).toBeGreaterThan(12);
  expect(sockets, "no new session").toBe(1);
  expect(complaints).toEqual([]);
});

test("a language is offered where it works, and spoken from the next text on", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"));
  await page.waitForSelector("#language option[value=de]", { state: "attached" });
  const offeredNow = () => page.locator("#language option").count();
  const forTalk = await offeredNow();
  await page.selectOption("#language", "de");
  expect(await page.getAttribute("#caption", "lang")).toBe("de");
  await page.click("#starters >> text=Wer bist du?");
  await page.waitForFunction(() => document.querySelector("#caption .now") !== null);
  expect(await page.textContent("#caption")).toMatch(/\b(Ich|ich)\b/);
  await untilOver(page);
  await page.check("input[name=mode][value=say]", { force: true });
  expect(await offeredNow(), "more can be spoken than answered").toBeGreaterThan(forTalk + 20);
  expect(await page.inputValue("#language"), "the choice stays").toBe("de");
  await page.selectOption("#language", "et");
  await page.check("input[name=mode][value=talk]", { force: true });
  expect(await page.inputValue("#language"), "nobody here would answer in Estonian").toBe("");
  expect(complaints).toEqual([]);
});

test("another view is another conversation, and the page says so", async () => {
  const { page } = await open(browser, inject("pageUrl"));
  await say(page, "Here I am.");
  await untilOver(page);
  await page.check("input[name=view][value=both]", { force: true });
  await page.locator("#log .anew").waitFor();
  expect(await page.textContent("#log .anew")).toContain("nothing above is remembered");
});

test("a server that asks for a token is shown one", async () => {
  const { page } = await open(browser, inject("closedUrl"), {}, async (page) => {
    page.on("domcontentloaded", () => void (async () => {
      await page.fill("#token", "sesame");
      await page.press("#token", "Enter");
    })());
  });
  await say(page, "Open now.");
  await untilOver(page);
});
