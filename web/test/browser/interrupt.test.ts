import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { closeAll, figure, figureMs, launch, open, say, untilOver } from "./browser";
import { EARS, listen } from "./ear";

const LONG = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen.";
let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());
afterEach(() => closeAll(browser));

/** From the moment in which the page gets the touch or the key to the last sound at the card, by the test's own ear. */
async function silenceMs(page: Page, kind: string, act: () => Promise<void>): Promise<number> {
  await page.evaluate((name) => {
    addEventListener(name, (event) => void (window.ear.eyeMs = [event.timeStamp]), { capture: true, once: true });
  }, kind);
  await act();
  await page.waitForTimeout(1200); // longer than what the server sends ahead: an old turn's sound would be heard in it
  return page.evaluate(() => window.ear.lastLoudMs - window.ear.eyeMs[0]!);
}

describe.each([
  ["the button", "click", (page: Page) => page.click("#stop")],
  ["Escape", "keydown", (page: Page) => page.keyboard.press("Escape")],
  ["typing", "keydown", (page: Page) => page.press("#text", "W")],
] as const)("stopped by %s", (name, kind, act) => {
  test("she is silent at once and stays silent, and what was heard is written down", { retry: 2 }, async () => {
    const { page, complaints } = await open(browser, inject("pageUrl"), EARS, listen);
    await say(page, LONG);
    await page.waitForTimeout(1500);
    const ms = await silenceMs(page, kind, () => act(page));
    console.log(`${name} to silence: ${ms.toFixed(1)} ms by an ear of its own; the page says ${await figure(page, "Stop to silence")}`);
    expect(ms, "the ear hears").toBeGreaterThan(-500); // a pause between two words at most
    expect(ms).toBeLessThan(100);
    expect(await figureMs(page, "Stop to silence")).toBeLessThan(100);
    expect(await figure(page, "Outcome")).toBe("interrupted");
    const line = page.locator("#log > div").last();
    expect(await line.textContent()).toContain("One two");
    expect((await line.locator("s").textContent())!.length).toBeGreaterThan(10);
    expect(await page.locator("#caption .now").count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});

test("a new text while she speaks: the old one is gone, the new one is heard", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"));
  await say(page, LONG);
  await page.waitForTimeout(800);
  await say(page, "Something else.");
  expect(await page.textContent("#caption")).toBe("Something else.");
  await untilOver(page);
  expect(await figure(page, "Outcome")).toBe("completed");
  expect(complaints).toEqual([]);
});
