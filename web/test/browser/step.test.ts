/**
 * Picture and sound by an eye and an ear of the test's own: a server that is played here sends a flash and a beep with
 * the same pts, and the test sees when the canvas turns white and hears when the beep leaves the page.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Browser, Page, WebSocketRoute } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ConverseRequestSchema, ConverseResponseSchema } from "../../src/contract/tth/v1/converse_pb";
import { AudioCodec, FrameKind, VideoCodec } from "../../src/contract/tth/v1/media_pb";
import { launch, measured } from "./browser";
import { EARS, listen } from "./ear";

const RATE = 24_000;
const SLOT_US = 40_000;
const EVERY_SLOTS = 15;
const SLOTS = 300;
let browser: Browser;
beforeAll(async () => void (browser = await launch()));
afterAll(() => browser.close());

/** Plays the server: live black pictures, and for each text 12 s in which every 600 ms begins with a flash and a beep. */
class Clapper {
  private seq = 0;
  private slot = 0;
  private turnLeft = 0;
  private ahead = 0;
  private readonly startedAt = performance.now();
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly socket: WebSocketRoute, private readonly black: Uint8Array, private readonly white: Uint8Array) {
    socket.onMessage((message) => {
      const request = fromBinary(ConverseRequestSchema, message as Buffer);
      if (request.payload.case === "userText" && !request.payload.value.partial) this.begin(request.turnId);
    });
    this.send("", { case: "sessionState", value: { resumeHandle: "h", resumable: true } });
    this.timer = setInterval(() => this.tick(), 10);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private turnId = "";
  private begin(turnId: string): void {
    [this.turnId, this.turnLeft, this.ahead] = [turnId, SLOTS, 25];
    this.send(turnId, { case: "turnStarted", value: { turnIndex: 1 } });
  }

  private tick(): void {
    const due = (performance.now() - this.startedAt) / 40 + 1.5 + (this.turnLeft ? this.ahead : 0);
    while (this.slot < due) this.one();
  }

  private one(): void {
    const ptsUs = BigInt(this.slot * SLOT_US);
    const inTurn = this.turnLeft > 0;
    const phase = inTurn ? (SLOTS - this.turnLeft) % EVERY_SLOTS : -1;
    const beeps = phase === 12;
    const flashes = beeps || phase === 13; // two pictures: one that is left out on a busy machine is still seen
    const turnId = inTurn ? this.turnId : "";
    if (inTurn) {
      const samples = new Int16Array(960);
      if (beeps) for (let i = 0; i < 960; i++) samples[i] = 12_000 * Math.sin((2 * Math.PI * 1000 * i) / RATE + 1);
      const data = new Uint8Array(samples.buffer);
      const format = { codec: AudioCodec.PCM_S16LE, sampleRateHz: RATE, channelCount: 1, sampleCount: 960 };
      this.send(turnId, { case: "audioChunk", value: { data, ...format, ptsUs, durationUs: 40_000n, last: this.turnLeft === 1 } });
    }
    const size = { widthPx: 64, heightPx: 64, codec: VideoCodec.JPEG, keyframe: true, durationUs: 40_000n };
    const kind = inTurn ? FrameKind.SPEAKING : FrameKind.IDLE;
    this.send(turnId, { case: "videoFrame", value: { data: flashes ? this.white : this.black, ...size, ptsUs, kind } });
    this.slot += 1;
    if (inTurn && --this.turnLeft === 0) {
      this.send(turnId, { case: "turnComplete", value: { audioEndPtsUs: BigInt(this.slot * SLOT_US) } });
    }
  }

  private send(turnId: string, payload: unknown): void {
    this.seq += 1;
    const event = create(ConverseResponseSchema, { schemaVersion: "1.0", sessionId: "s", turnId, seq: BigInt(this.seq), payload: payload as never });
    this.socket.send(Buffer.from(toBinary(ConverseResponseSchema, event)));
  }
}

async function jpeg(page: Page, colour: string): Promise<Uint8Array> {
  return Uint8Array.from(await page.evaluate(async (fill) => {
    const canvas = new OffscreenCanvas(64, 64);
    const pen = canvas.getContext("2d")!;
    pen.fillStyle = fill;
    pen.fillRect(0, 0, 64, 64);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer())];
  }, colour));
}

test("a flash is seen when its beep is heard", { retry: 2 }, async () => {
  const page = await (await browser.newContext({ ...EARS, viewport: { width: 800, height: 700 } })).newPage();
  await page.goto(inject("pageUrl"));
  const [black, white] = [await jpeg(page, "#000"), await jpeg(page, "#fff")];
  await listen(page);
  await page.addInitScript(() => {
    delete (window as { VideoDecoder?: unknown }).VideoDecoder; // so that JPEG is asked for
    let wasWhite = false;
    const look = (now: number) => {
      const canvas = document.querySelector<HTMLCanvasElement>("#screen");
      const isWhite = (canvas?.getContext("2d")!.getImageData(5, 5, 1, 1).data[0] ?? 0) > 128;
      if (isWhite && !wasWhite) window.ear.eyeMs.push(performance.now());
      wasWhite = isWhite;
      void now;
      requestAnimationFrame(look);
    };
    addEventListener("DOMContentLoaded", () => requestAnimationFrame(look));
  });
  let clapper: Clapper | null = null;
  await page.routeWebSocket(/\/stream$/, (socket) => void (clapper = new Clapper(socket, black, white)));
  await page.route("**/v1/sessions", (route) => route.fulfill({ json: { sessionId: "s", resumeHandle: "h" } }));
  await page.goto(inject("pageUrl"));
  await page.waitForSelector("#scene[data-state=alive]");
  await page.fill("#text", "Clap");
  await page.press("#text", "Enter");
  await page.waitForTimeout(13_500);
  clapper!.stop();
  const { onsetsMs, eyeMs } = await page.evaluate(() => window.ear);
  const offsets = eyeMs.map((seen) => {
    const heard = onsetsMs.reduce((best, one) => (Math.abs(one - seen) < Math.abs(best - seen) ? one : best), -1e9);
    return seen - heard;
  });
  const sorted = offsets.map(Math.abs).sort((a, b) => a - b);
  const p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))]!;
  const own = (await measured(page)).offsetP95Ms!;
  console.log(`flash to beep: ${offsets.map((one) => one.toFixed(0)).join(" ")} ms; p95 ${p95.toFixed(1)}, the page says ${own.toFixed(1)}`);
  expect(onsetsMs.length, "no beep is lost").toBe(SLOTS / EVERY_SLOTS);
  expect(offsets.length, "no flash is lost").toBe(SLOTS / EVERY_SLOTS);
  expect(p95).toBeLessThanOrEqual(40);
});
