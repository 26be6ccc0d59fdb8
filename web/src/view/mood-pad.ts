/** The emotion pad and its dial. What a mood is `core/mood` says; this file is hands and eyes. */
import {
  CALM,
  fromPad,
  hueOf,
  LABEL_POINTS,
  LABELS,
  type Mood,
  pointOf,
  spoken,
  stepped,
  toPad,
  withIntensity,
  withLabel,
  withPoint,
} from "../core/mood";
import { byId, el, set, svg } from "./dom";
import { term } from "./term";

const STEP = 0.1;
const HELD_MS = 1_500;
const DIAL_LENGTH = 2 * Math.PI * 25;
const DIAL_ARC = 0.75;
/** Where a label's word stands from its point, in pixels: where the thumb does not cover it, nor another word. */
const WORD_AT: Readonly<Record<(typeof LABELS)[number], readonly [number, number]>> = {
  neutral: [0, 27],
  happy: [-9, 26],
  sad: [4, 26],
  angry: [-2, 27],
  surprised: [6, 27],
  fearful: [48, -8],
  disgusted: [12, 26],
};

export class MoodPad {
  private mood: Mood = CALM;
  private heldUntil = 0;
  private readonly pad = byId("pad");
  private readonly thumb = byId("pad-thumb");
  private readonly dial = byId("dial");
  private readonly buttons = new Map<string, HTMLButtonElement>();

  /** changed: told with every change by hand. reset: back to how the person is. */
  constructor(private readonly changed: (mood: Mood) => void, reset: () => void) {
    this.paintWheel();
    byId("valence").before(term("Valence", "valence"), " ");
    byId("arousal").before(term("Arousal", "arousal"), " ");
    for (const label of LABELS) this.addLabel(label);
    this.listenToPad();
    this.listenToDial();
    byId("mood-reset").addEventListener("click", () => {
      this.heldUntil = 0;
      reset();
    });
    this.draw();
  }

  /** Nobody's hand counts any more: another person comes with a mood of their own. */
  letGo(): void {
    this.heldUntil = 0;
  }

  /** Show a mood that came from elsewhere; a hand that is at work is not interfered with by answers to its last move. */
  show(mood: Mood): void {
    if (performance.now() < this.heldUntil || this.pad.classList.contains("held")) return;
    this.mood = mood;
    this.draw();
  }

  private set(mood: Mood): void {
    this.heldUntil = performance.now() + HELD_MS;
    this.mood = mood;
    this.draw();
    this.changed(mood);
  }

  private addLabel(label: (typeof LABELS)[number]): void {
    const button = el("button", { type: "button", "aria-pressed": "false" }, label);
    const { x, y } = toPad(LABEL_POINTS[label]);
    const [right, down] = WORD_AT[label];
    button.style.left = `calc(${x * 100}% + ${right}px)`;
    button.style.top = `calc(${y * 100}% + ${down}px)`;
    const dot = el("i", { "aria-hidden": "true" });
    [dot.style.left, dot.style.top] = [`${x * 100}%`, `${y * 100}%`];
    button.addEventListener("click", () => this.set(withLabel(this.mood, label)));
    button.addEventListener("pointerdown", (event) => event.stopPropagation());
    this.buttons.set(label, button);
    byId("pad-labels").append(dot, button);
  }

  private listenToPad(): void {
    const move = (event: PointerEvent) => {
      const box = this.pad.getBoundingClientRect();
      const point = fromPad((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
      this.set(withPoint(this.mood, point));
    };
    this.pad.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.pad.setPointerCapture(event.pointerId);
      this.pad.classList.add("held");
      this.thumb.focus({ preventScroll: true });
      move(event);
    });
    this.pad.addEventListener("pointermove", (event) => {
      if (this.pad.hasPointerCapture(event.pointerId)) move(event);
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      this.pad.addEventListener(end, () => this.pad.classList.remove("held"));
    }
    const steps: Record<string, [number, number]> = {
      ArrowRight: [STEP, 0], ArrowLeft: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP],
    };
    this.thumb.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (event.key === "Home") this.set(withLabel(this.mood, "neutral"));
      else if (step) this.set(stepped(this.mood, step[0] * (event.shiftKey ? 0.2 : 1), step[1] * (event.shiftKey ? 0.2 : 1)));
      else return;
      event.preventDefault();
    });
  }

  private listenToDial(): void {
    let from = { y: 0, x: 0, intensity: 0 };
    this.dial.addEventListener("pointerdown", (event) => {
      this.dial.setPointerCapture(event.pointerId);
      from = { y: event.clientY, x: event.clientX, intensity: this.mood.intensity };
    });
    this.dial.addEventListener("pointermove", (event) => {
      if (!this.dial.hasPointerCapture(event.pointerId)) return;
      const way = from.y - event.clientY + (event.clientX - from.x);
      this.set(withIntensity(this.mood, from.intensity + way / 160));
    });
    const steps: Record<string, number> = {
      ArrowUp: 0.05, ArrowRight: 0.05, ArrowDown: -0.05, ArrowLeft: -0.05, PageUp: 0.2, PageDown: -0.2, Home: -1, End: 1,
    };
    this.dial.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.set(withIntensity(this.mood, this.mood.intensity + step));
    });
    this.dial.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.set(withIntensity(this.mood, this.mood.intensity - Math.sign(event.deltaY) * 0.05));
    }, { passive: false });
  }

  private draw(): void {
    const point = pointOf(this.mood);
    const { x, y } = toPad(point);
    this.thumb.style.left = `${x * 100}%`;
    this.thumb.style.top = `${y * 100}%`;
    set(this.thumb, { "aria-valuenow": point.valence.toFixed(2), "aria-valuetext": spoken(this.mood) });
    for (const [label, button] of this.buttons) set(button, { "aria-pressed": String(label === this.mood.label) });
    byId("mood-label").textContent = this.mood.label;
    const [valence, arousal] = [point.valence, point.arousal].map((value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(1));
    byId("valence").textContent = valence!;
    byId("arousal").textContent = arousal!;
    this.drawDial();
    document.documentElement.style.setProperty("--hue", hueOf(point).toFixed(0));
  }

  private drawDial(): void {
    const percent = Math.round(this.mood.intensity * 100);
    set(this.dial, { "aria-valuenow": percent, "aria-valuetext": `${percent} percent` });
    const arc = (share: number, kind: string) =>
      svg("circle", {
        class: kind, cx: 30, cy: 30, r: 25, transform: "rotate(135 30 30)",
        "stroke-dasharray": `${DIAL_LENGTH * DIAL_ARC * share} ${DIAL_LENGTH}`,
      });
    const number = svg("text", { x: 30, y: 35.5 }, String(percent));
    const parts = percent > 0 ? [arc(1, "off"), arc(this.mood.intensity, "on"), number] : [arc(1, "off"), number];
    this.dial.replaceChildren(svg("svg", { viewBox: "0 0 60 60", "aria-hidden": "true" }, ...parts));
  }

  /** The pad's colours: the hue that the page takes at each edge. */
  private paintWheel(): void {
    const stops: string[] = [];
    for (let turn = 0; turn <= 24; turn++) {
      const angle = (turn / 24) * 2 * Math.PI; // conic gradients begin at the top and go clockwise
      const hue = hueOf({ valence: Math.sin(angle), arousal: Math.cos(angle) });
      stops.push(`oklch(var(--pad-light) var(--pad-chroma) ${hue.toFixed(0)})`);
    }
    this.pad.style.setProperty("--wheel", `conic-gradient(${stops.join(", ")})`);
  }
}
