import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import { closeAll, launch, measured, open, say } from "./browser";

/** Small, since a processor draws it. */
const SMALL = { viewport: { width: 700, height: 620 } };
let browser: Browser;
// No GPU in CI: the head is drawn by the processor, slowly.
beforeAll(async () => void (browser = await launch(["--use-angle=swiftshader", "--enable-unsafe-swiftshader"])));
afterAll(() => browser.close());
afterEach(() => closeAll(browser));

/** What is drawn, small: 16 x 16 pixels of the canvas. */
function drawn(page: Page, id: string): Promise<number[]> {
  return page.evaluate((name) => {
    const small = new OffscreenCanvas(16, 16).getContext("2d")!;
    small.drawImage(document.querySelector<HTMLCanvasElement>(name)!, 0, 0, 16, 16);
    return [...small.getImageData(0, 0, 16, 16).data];
  }, id);
}

const apart = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;

test("the head is drawn here from less than 20 KB a second, beside the same person drawn there", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"), SMALL);
  await page.check("input[name=view][value=both]", { force: true });
  const empty = await drawn(page, "#head");
  await expect.poll(async () => apart(await drawn(page, "#head"), empty), { timeout: 60_000 }).toBeGreaterThan(20);
  const likeness = apart(await drawn(page, "#head"), await drawn(page, "#screen"));
  console.log(`picture and head differ by ${likeness.toFixed(1)} of 255 on average`);
  expect(likeness).toBeLessThan(30); // the same person at the same place; two strangers differ by 40 and more
  expect(complaints.filter((text) => !text.includes("GL Driver Message"))).toEqual([]);
});

test("without pictures she talks as well, and moves", async () => {
  const { page, complaints } = await open(browser, inject("pageUrl"), SMALL);
  await page.check("input[name=view][value=head]", { force: true });
  const empty = await drawn(page, "#head");
  await expect.poll(async () => apart(await drawn(page, "#head"), empty), { timeout: 60_000 }).toBeGreaterThan(20);
  const before = await drawn(page, "#head");
  await say(page, "One two three four five six seven eight nine ten.");
  await page.waitForTimeout(2500);
  const now = await measured(page);
  console.log(`3D: face ${(now.faceBytesPerSecond / 1000).toFixed(1)} KB/s, all with sound ${(now.downBytesPerSecond / 1000).toFixed(1)} KB/s`);
  expect(now.pictureBytesPerSecond).toBe(0);
  expect(now.faceBytesPerSecond).toBeGreaterThan(1000);
  expect(now.faceBytesPerSecond).toBeLessThan(20_000);
  expect(apart(await drawn(page, "#head"), before)).toBeGreaterThan(0.2);
  expect(complaints.filter((text) => !text.includes("GL Driver Message"))).toEqual([]);
});
