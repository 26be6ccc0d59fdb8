/** `node tools/pictures.mjs URL`: the pictures of docs/page.md, from a running `tth serve --web`. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const url = process.argv[2] ?? "http://127.0.0.1:8080/";
const folder = resolve(import.meta.dirname, "../../docs/pictures");
const executablePath = process.env.PAGE_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const PICTURES = [
  { name: "page", options: { ...DESKTOP, colorScheme: "dark" }, mood: "happy", text: "Tell me a story about the sea." },
  { name: "page-light", options: { ...DESKTOP, colorScheme: "light" }, person: "casual", mood: "surprised", text: "Did you know that honey never spoils?" },
  { name: "page-3d", options: { ...DESKTOP, colorScheme: "dark" }, view: "both", text: "Is that you, twice?" },
  { name: "page-phone", options: { ...PHONE, colorScheme: "light" }, person: "teacher", text: "What shall we talk about?" },
];

const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const wanted = process.argv.slice(3);
for (const { name, options, person, mood, view, text } of PICTURES.filter((one) => !wanted.length || wanted.includes(one.name))) {
  // Without a GPU the head is drawn by the processor.
  const browser = await chromium.launch({ executablePath, args: [...sandbox, ...(view ? ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"] : [])] });
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(url);
  await page.waitForSelector("#people input");
  await page.waitForSelector("#scene[data-state=alive]");
  if (person) await page.check(`input[name=person][value=${person}]`, { force: true });
  if (view) {
    await page.check(`input[name=view][value=${view}]`, { force: true });
    await page.waitForTimeout(15_000);
  }
  await page.waitForTimeout(1500);
  await page.fill("#text", "Hello!");
  await page.press("#text", "Enter");
  await page.waitForSelector("#stop", { state: "visible" });
  await page.waitForSelector("#stop", { state: "hidden", timeout: 60_000 });
  if (mood) await page.click(`#pad-labels >> text=${mood}`);
  await page.fill("#text", text);
  await page.press("#text", "Enter");
  await page.waitForFunction(() => document.querySelectorAll("#caption .heard").length > 0, undefined, { timeout: 60_000 });
  await page.waitForTimeout(view ? 2500 : 1800);
  await page.waitForFunction(() => document.querySelector("#caption .now") !== null);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${folder}/${name}.png` });
  await browser.close();
}
