/** A real Chromium, and a page in it that tells on itself. */
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Measured } from "../../src/view/live";

const PLACES = [
  "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** more: arguments for Chromium. */
export function launch(more: string[] = []): Promise<Browser> {
  const executablePath = process.env["PAGE_CHROMIUM"] ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) {
    throw new Error(`no Chromium at ${PLACES.join(", ")}: install it (apt-get install chromium) or set PAGE_CHROMIUM`);
  }
  // As root, as in a container, Chromium's own sandbox cannot be set up.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...args, ...more] });
}

export interface OpenPage {
  readonly page: Page;
  /** What the page complained about: errors and warnings of its console, exceptions. */
  readonly complaints: string[];
}

/** before: called with the page before it is opened. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  before: (page: Page) => Promise<unknown> = async () => undefined,
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await before(page);
  await page.goto(url);
  await page.waitForSelector("#scene[data-state=alive]", { timeout: 30_000 });
  return { page, complaints };
}

/** Behind each test: a page that is left open goes on drawing. */
export async function closeAll(browser: Browser): Promise<void> {
  for (const context of browser.contexts()) await context.close();
}

export function measured(page: Page): Promise<Measured> {
  return page.evaluate(() => window.tth.measured());
}

/** Says a text and waits until it is heard. */
export async function say(page: Page, text: string, mode: "talk" | "say" = "say"): Promise<void> {
  await page.check(`input[name=mode][value=${mode}]`, { force: true });
  await page.fill("#text", text);
  await page.press("#text", "Enter");
  await page.waitForFunction(() => document.querySelector("#caption .now") !== null, undefined, { timeout: 30_000 });
}

/** One figure of this turn, by its name. */
export async function figure(page: Page, name: string): Promise<string> {
  return page.evaluate((wanted) => {
    const rows = [...document.querySelectorAll("#turn-figures > div, #live-figures > div")];
    return rows.find((row) => row.getAttribute("data-name") === wanted)?.querySelector("dd")?.textContent ?? "";
  }, name);
}

/** What the figure says in milliseconds. */
export async function figureMs(page: Page, name: string): Promise<number> {
  const text = await figure(page, name);
  const value = parseFloat(text);
  return text.endsWith(" s") ? value * 1000 : value;
}

/** The turn is over, and all of it was heard. */
export async function untilOver(page: Page): Promise<void> {
  await page.waitForSelector("#stop", { state: "hidden", timeout: 60_000 });
}
