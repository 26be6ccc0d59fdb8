/** Sliders of the character: speed, pitch, expression, motion. */
import { byId, el } from "./dom";

export interface Manner {
  speechRate: number;
  pitchShift: number;
  expressivity: number;
  motionGain: number;
}

interface Slider {
  readonly key: keyof Manner;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly toValue: (position: number) => number;
  readonly toPosition: (value: number) => number;
  readonly text: (value: number) => string;
  /** For screen readers, where it is not the same. */
  readonly spoken?: (value: number) => string;
}

const same = (value: number) => value;
const percent = (value: number) => `${Math.round(value * 100)} %`;

const SLIDERS: readonly Slider[] = [
  {
    key: "speechRate", name: "Speed", from: -1, to: 1, step: 0.05, // octaves of speed: half is as far from normal as double
    toValue: (position) => Math.round(2 ** position * 100) / 100, toPosition: Math.log2, text: (value) => `${value.toFixed(2)} ×`,
  },
  {
    key: "pitchShift", name: "Pitch", from: -1, to: 1, step: 0.05, toValue: same, toPosition: same,
    text: (value) => (Math.abs(value) < 0.005 ? "own" : `${value > 0 ? "+" : "−"}${Math.abs(value * 12).toFixed(1)} st`),
    spoken: (value) => (Math.abs(value) < 0.005 ? "own" : `${(value * 12).toFixed(1)} semitones`),
  },
  { key: "expressivity", name: "Expression", from: 0, to: 1, step: 0.05, toValue: same, toPosition: same, text: percent },
  { key: "motionGain", name: "Motion", from: 0, to: 2, step: 0.05, toValue: same, toPosition: same, text: percent },
];

export class MannerView {
  private readonly inputs = new Map<keyof Manner, { slider: Slider; input: HTMLInputElement; output: HTMLOutputElement }>();
  private heldUntil = 0;

  constructor(changed: (key: keyof Manner, value: number) => void) {
    for (const slider of SLIDERS) {
      const id = `slider-${slider.key}`;
      const input = el("input", { type: "range", id, min: slider.from, max: slider.to, step: slider.step });
      const output = el("output", { for: id });
      input.addEventListener("input", () => {
        this.heldUntil = performance.now() + 1500;
        this.draw(slider.key);
        changed(slider.key, slider.toValue(Number(input.value)));
      });
      this.inputs.set(slider.key, { slider, input, output });
      byId("sliders").append(el("div", { class: "slider" }, el("label", { for: id }, slider.name), input, output));
    }
    this.show({ speechRate: 1, pitchShift: 0, expressivity: 0.6, motionGain: 1 });
  }

  /** Nobody's hand counts any more: another person comes with a manner of their own. */
  letGo(): void {
    this.heldUntil = 0;
  }

  /** What is in effect now; left alone while somebody moves a slider. */
  show(manner: Partial<Manner>): void {
    if (performance.now() < this.heldUntil) return;
    for (const [key, { slider, input }] of this.inputs) {
      const value = manner[key];
      if (value !== undefined) input.value = String(slider.toPosition(value));
      this.draw(key);
    }
  }

  private draw(key: keyof Manner): void {
    const { slider, input, output } = this.inputs.get(key)!;
    const value = slider.toValue(Number(input.value));
    output.textContent = slider.text(value);
    input.setAttribute("aria-valuetext", (slider.spoken ?? slider.text)(value));
    input.style.setProperty("--at", `${((Number(input.value) - slider.from) / (slider.to - slider.from)) * 100}%`);
  }
}
