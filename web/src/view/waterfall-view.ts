/** Draws a turn's waterfall: when text, sound and pictures came, what was heard, where it was stopped. */
import { duration } from "../core/figures";
import { type Lane, LANES, type Waterfall } from "../core/waterfall";
import { byId, figures, set, svg } from "./dom";
import { term } from "./term";

const NAMES: Readonly<Record<Lane, string>> = { text: "Text", sound: "Sound", picture: "Picture", heard: "Heard" };
const HEIGHT = 132;
const ROW = 26;
const LEFT = 54;
const BAR = 14;

export class WaterfallView {
  private readonly box = byId("waterfall");
  private readonly list = byId("turn-figures");

  draw(waterfall: Waterfall | null): void {
    const width = Math.max(200, this.box.clientWidth);
    if (waterfall === null) {
      this.box.replaceChildren(this.frame(width, 2000));
      figures(this.list, [], term);
      return;
    }
    const now = performance.now();
    const axisMs = waterfall.axisMs(now);
    const x = (ms: number) => LEFT + (Math.min(ms, axisMs) / axisMs) * (width - LEFT - 2);
    const picture = this.frame(width, axisMs);
    LANES.forEach((lane, row) => picture.append(...this.lane(waterfall, lane, row, x)));
    for (const { askedMs, endMs } of waterfall.pauses) {
      const [from, to] = [x(askedMs), x(endMs ?? waterfall.endedMs ?? now - waterfall.sentAtMs)];
      const height = (LANES.length - 1) * ROW + BAR;
      picture.append(svg("rect", { class: "hold", x: from, y: 0, width: Math.max(2, to - from), height }));
      for (const edge of [from, to]) picture.append(svg("rect", { class: "hold-edge", x: edge - 0.5, y: 0, width: 1, height }));
    }
    for (const [ms, kind] of [[waterfall.stopAskedMs, "mark"]] as const) {
      if (ms !== null) picture.append(svg("line", { class: kind, x1: x(ms), x2: x(ms), y1: 0, y2: LANES.length * ROW }));
    }
    this.box.replaceChildren(picture);
    const rows = facts(waterfall, now);
    figures(this.list, rows, term);
    set(this.box, { "aria-label": rows.map(([name, value]) => `${name}: ${value}`).join(", ") || "A turn begins" });
  }

  private frame(width: number, axisMs: number): SVGElement {
    const picture = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, preserveAspectRatio: "none" });
    LANES.forEach((lane, row) => {
      picture.append(
        svg("text", { class: "name", x: 0, y: row * ROW + BAR - 1 }, NAMES[lane]),
        svg("rect", { class: "track", x: LEFT, y: row * ROW, width: width - LEFT, height: BAR, rx: 4 }),
      );
    });
    for (let part = 0; part <= 4; part++) {
      const at = LEFT + ((width - LEFT - 2) * part) / 4;
      const anchor = part === 0 ? "start" : part === 4 ? "end" : "middle";
      const text = part === 0 ? "0" : duration((axisMs * part) / 4).replace(/\.?0+ s/, " s");
      picture.append(svg("text", { x: at, y: HEIGHT - 12, "text-anchor": anchor }, text));
    }
    return picture;
  }

  private lane(waterfall: Waterfall, lane: Lane, row: number, x: (ms: number) => number): SVGElement[] {
    const { firstMs, lastMs, arrivalsMs } = waterfall.lanes[lane];
    if (firstMs === null || lastMs === null) return [];
    const y = row * ROW;
    const bar = svg("rect", {
      class: lane === "heard" ? "heard" : "span", x: x(firstMs), y, width: Math.max(3, x(lastMs) - x(firstMs)), height: BAR, rx: 4,
    });
    if (lane === "heard") return [bar];
    const path = arrivalsMs.map((ms) => `M${x(ms).toFixed(1)} ${y + 2}v${BAR - 4}`).join("");
    return [bar, svg("path", { class: "tick", d: path })];
  }
}

/** What the picture says, in figures. */
function facts(waterfall: Waterfall, now: number): [string, string][] {
  const { lanes, figures: server, stopMs, outcome } = waterfall;
  const rows: [string, string][] = [];
  const add = (name: string, ms: number | null | undefined) => {
    if (ms !== null && ms !== undefined) rows.push([name, duration(ms)]);
  };
  add("First text", lanes.text.firstMs);
  add("First sound", lanes.sound.firstMs);
  add("First picture", lanes.picture.firstMs);
  add("Heard after", lanes.heard.firstMs);
  add("Drift, 95 %", server.driftP95Ms);
  add("Paused", waterfall.pausedMs(now));
  add("Pause to silence", waterfall.pauseMs);
  add("Stop to silence", stopMs);
  if (outcome) rows.push(["Outcome", outcome]);
  return rows;
}
