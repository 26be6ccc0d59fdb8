import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { closeAll, figure, launch, open, say, untilOver } from "./browser";
import { cable, type Cable } from "./proxy";

let browser: Browser;
let line: Cable;
beforeAll(async () => {
  browser = await launch();
  line = await cable(inject("pageUrl"));
});
afterAll(async () => {
  await browser.close();
  await line.close();
});
afterEach(() => closeAll(browser));

/** A browser's own words about a connection that was cut are no fault of the page. */
const notOfTheCable = (text: string) => !text.includes("WebSocket connection to");

test("a connection that is cut in mid-turn comes back, calmly, and the conversation goes on", async () => {
  const { page, complaints } = await open(browser, line.url);
  await say(page, "One two three four five six seven eight nine ten eleven twelve thirteen fourteen.");
  await page.waitForTimeout(1000);
  const cutAt = Date.now();
  line.cut();
  await page.waitForSelector("body[data-line=lost]");
  expect(await page.textContent("#notice")).toContain("coming back");
  expect(await page.locator("#scene").getAttribute("data-state")).toBe("alive");
  await page.fill("#text", "Are you still there?"); // what is said meanwhile is not lost
  await page.press("#text", "Enter");
  await page.waitForTimeout(1500);
  line.mend();
  await page.waitForSelector("body[data-line=open]");
  console.log(`back ${Date.now() - cutAt} ms behind the cut, which lasted 1.5 s`);
  await page.waitForFunction(() => document.querySelector("#caption .now") !== null);
  expect(await page.textContent("#caption")).toContain("Are you still there?");
  await untilOver(page);
  expect(await figure(page, "Came back")).toBe("1");
  expect(await figure(page, "Outcome")).toBe("completed");
  expect(await page.locator("#log > div").count()).toBe(2); // the turn that was cut off, and the one behind it
  expect(complaints.filter(notOfTheCable)).toEqual([]);
});

test("pictures go on behind a cut between turns", async () => {
  const { page } = await open(browser, line.url);
  line.cut();
  await page.waitForSelector("body[data-line=lost]");
  line.mend();
  await page.waitForSelector("body[data-line=open]");
  const look = () => page.evaluate(() => document.querySelector<HTMLCanvasElement>("#screen")!.toDataURL("image/jpeg", 0.9));
  const before = await look();
  await expect.poll(look, { timeout: 5000 }).not.toBe(before);
});

test("a conversation that is over is begun anew by the next text", async () => {
  let url = "";
  const { page, complaints } = await open(browser, inject("pageUrl"), {}, async (page) => {
    page.on("websocket", (socket) => void (url = socket.url()));
  });
  const [, sessionId] = /sessions\/([^/]+)\/stream/.exec(url)!;
  await fetch(`${inject("pageUrl")}v1/sessions/${sessionId}`, { method: "DELETE" });
  await page.waitForSelector("body[data-line=ended]");
  expect(await page.textContent("#notice")).toContain("begins another");
  await say(page, "Once more.");
  await untilOver(page);
  expect(url).not.toContain(sessionId);
  expect(complaints).toEqual([]);
});
