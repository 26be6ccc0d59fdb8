/**
 * An ear of the test's own on what a page sends to the sound card: it hangs behind the page's last node and knows
 * nothing of the page's code. Runs in the page, before anything of it.
 */
import type { Page } from "playwright-core";

declare global {
  interface Window {
    /** When (performance.now) sound was loud, and when it began after a silence. */
    ear: { lastLoudMs: number; onsetsMs: number[]; eyeMs: number[]; heard: Float32Array[]; rateHz: number };
  }
}

/** The page's own rules let no foreign code in, and the ear is foreign. */
export const EARS = { bypassCSP: true };

const CODE = `registerProcessor("ear", class extends AudioWorkletProcessor {
  constructor({ processorOptions }) { super(); this.quiet = 1e9; this.keeps = processorOptions.keeps; }
  process(inputs) {
    const sound = inputs[0][0];
    if (!sound) return true;
    if (this.keeps) this.port.postMessage({ heard: sound.slice() });
    for (let i = 0; i < sound.length; i++) {
      const loud = Math.abs(sound[i]) > 0.01;
      if (loud && this.quiet > sampleRate / 20) this.port.postMessage({ onset: (currentFrame + i) / sampleRate });
      if (loud) this.last = currentFrame + i;
      this.quiet = loud ? 0 : this.quiet + 1;
    }
    if (this.last !== undefined && this.last !== this.told) this.port.postMessage({ loud: (this.told = this.last) / sampleRate });
    return true;
  }
});`;

/** The page must have been opened with EARS. */
export async function listen(page: Page): Promise<void> {
  await page.addInitScript(ear, [CODE, false] as const);
}

/** As `listen`, and everything that is heard is kept in `window.ear.heard`. */
export async function record(page: Page): Promise<void> {
  await page.addInitScript(ear, [CODE, true] as const);
}

/** What was heard since it was asked before, and at which rate. */
export async function heard(page: Page): Promise<{ samples: Float32Array; rateHz: number }> {
  const { data, rateHz } = await page.evaluate(async () => {
    const blob = new Blob(window.ear.heard.splice(0) as BlobPart[]);
    const url = await new Promise<string>((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result as string);
      reader.readAsDataURL(blob);
    });
    return { data: url.slice(url.indexOf(",") + 1), rateHz: window.ear.rateHz };
  });
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return { samples: new Float32Array(bytes.buffer), rateHz };
}

function ear([code, keeps]: readonly [string, boolean]): void {
  const module = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  window.ear = { lastLoudMs: -1, onsetsMs: [], eyeMs: [], heard: [], rateHz: 0 };
  const connect = AudioNode.prototype.connect as (this: AudioNode, ...rest: unknown[]) => unknown;
  (AudioNode.prototype as { connect: unknown }).connect = function (this: AudioNode, ...rest: unknown[]) {
    const [to] = rest;
    if (to instanceof AudioDestinationNode) {
      const context = to.context as AudioContext;
      /** When it leaves the sound card, on the page's clock. */
      const at = (time: number) => {
        const stamp = context.getOutputTimestamp();
        return stamp.performanceTime! + (time - stamp.contextTime!) * 1000;
      };
      void context.audioWorklet.addModule(module).then(() => {
        const ear = new AudioWorkletNode(context, "ear", { numberOfOutputs: 0, processorOptions: { keeps } });
        window.ear.rateHz = context.sampleRate;
        ear.port.onmessage = ({ data }: MessageEvent<{ onset?: number; loud?: number; heard?: Float32Array }>) => {
          if (data.heard) window.ear.heard.push(data.heard);
          if (data.onset !== undefined) window.ear.onsetsMs.push(at(data.onset));
          if (data.loud !== undefined) window.ear.lastLoudMs = at(data.loud);
        };
        connect.call(this, ear);
      });
    }
    return connect.apply(this, rest);
  };
}
