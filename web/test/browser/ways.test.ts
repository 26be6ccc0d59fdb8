/** Other ways through the page: browsers that can do less, a server that asks for a token, a recording. */
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
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

test("another person comes with a face and a manner of their own", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"));
  await page.check("input[name=person][value=professional]", { force: true });
  await page.waitForFunction(() => document.querySelector("#status-text")?.textContent === "Marco is here");
  await expect.poll(() => page.inputValue("#slider-motionGain")).toBe("0.7");
  await say(page, "Good day.");
  await untilOver(page);
  expect(complaints).toEqual([]);
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
