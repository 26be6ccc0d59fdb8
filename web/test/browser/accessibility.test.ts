import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { closeAll, launch, open, say } from "./browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());
afterEach(() => closeAll(browser));

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } };
    interface Violation { id: string; nodes: { target: string[]; failureSummary: string }[] }
    // What is fading is on its way to another look; it is that one which people read.
    const fades = document.getAnimations().filter((one) => one instanceof CSSTransition);
    await Promise.allSettled(fades.map((one) => one.finished));
    const found = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
  });
}

describe.each([
  ["dark", { colorScheme: "dark" }],
  ["light", { colorScheme: "light" }],
  ["phone", { colorScheme: "light", viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true }],
] as const)("%s", (_name, options) => {
  test("axe finds nothing, before and behind a turn with controls", async () => {
    const { page } = await open(browser, inject("pageUrl"), options);
    expect(await violations(page)).toEqual([]);
    await page.click("#pad-labels >> text=sad");
    await say(page, "One two three four five six seven eight nine ten.");
    expect(await violations(page)).toEqual([]);
    await page.click("#pause");
    await page.waitForSelector("#pause[aria-label=Resume]");
    expect(await violations(page), "paused").toEqual([]);
  });

  test("nothing is wider than the window", async () => {
    const { page } = await open(browser, inject("pageUrl"), options);
    const width = page.viewportSize()!.width; // innerWidth grows with what is too wide on a phone
    expect(await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth])).toEqual([width, width]);
  });
});

test("everything can be reached with the Tab key, and what has the focus is seen", async () => {
  const { page } = await open(browser, inject("pageUrl"));
  const reached = new Set<string>();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const [id, outline] = await page.evaluate(() => {
      const at = document.activeElement!;
      if (at === document.body) return ["", "auto"] as const; // behind the last one the browser's own controls follow
      return [at.id || (at as HTMLInputElement).name || at.textContent, getComputedStyle(at).outlineStyle] as const;
    });
    if (id) reached.add(id);
    expect(outline === "none" && !["text", "view", "mode", "person"].includes(id!), `outline of ${id}`).toBe(false);
  }
  for (const id of ["text", "send", "record", "pad-thumb", "dial", "mood-reset", "slider-pitchShift", "language", "background", "valence", "person", "happy"]) {
    expect([...reached], `reached: ${[...reached]}`).toContain(id);
  }
});

test("an expert's word explains itself: with the focus, under the pointer, to a screen reader; Esc is for that alone", async () => {
  const { page } = await open(browser, inject("pageUrl"));
  await say(page, "One two three four five six seven eight nine ten eleven twelve.");
  const word = page.locator("#live-figures .term", { hasText: "Picture to sound" });
  const bubble = page.locator("#bubble");
  await word.focus();
  expect(await bubble.textContent()).toContain("95 of 100");
  expect(await page.evaluate((id) => document.getElementById(id!)!.textContent, await word.getAttribute("aria-describedby"))).toBe(await bubble.textContent());
  await page.keyboard.press("Escape");
  await bubble.waitFor({ state: "hidden" });
  expect(await page.locator("#stop").isVisible(), "and whoever speaks goes on").toBe(true);
  await page.hover("#live-figures .term >> text=Held back");
  expect(await bubble.textContent()).toContain("uneven network");
  await bubble.hover();
  expect(await bubble.isVisible(), "it stays under the pointer").toBe(true);
  expect(await violations(page)).toEqual([]);
  await page.mouse.move(700, 300);
  await bubble.waitFor({ state: "hidden" });
});

test("who asked for less motion gets none but the person's own", async () => {
  const { page } = await open(browser, inject("pageUrl"), { reducedMotion: "reduce" });
  const moving = await page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => {
    const style = getComputedStyle(element);
    return style.animationName !== "none" || style.transitionDuration.split(", ").some((time) => parseFloat(time) > 0);
  }).length);
  expect(moving).toBe(0);
});
