/** Record: press, talk, press again; the file is saved as any download. */
import { Recorder } from "../media/recorder";
import type { Sound } from "../media/sound";
import { byId, el, set } from "./dom";

export class RecordButton {
  private readonly button = byId<HTMLButtonElement>("record");
  private readonly text = byId("record-text");
  private readonly recorder = new Recorder();
  private startedAt = 0;
  private timer = 0;

  constructor(private readonly canvas: () => HTMLCanvasElement, private readonly sound: () => Sound) {
    this.button.hidden = !Recorder.isPossible();
    this.button.addEventListener("click", () => void this.toggle());
  }

  private async toggle(): Promise<void> {
    if (this.recorder.isOn) {
      clearInterval(this.timer);
      set(this.button, { "aria-pressed": "false" });
      this.text.textContent = "Record";
      const made = await this.recorder.stop();
      if (made) save(made.blob, made.name);
      return;
    }
    await this.sound().start();
    this.recorder.start(this.canvas(), this.sound().stream());
    this.startedAt = performance.now();
    set(this.button, { "aria-pressed": "true" });
    this.tick();
    this.timer = window.setInterval(() => this.tick(), 1000);
  }

  private tick(): void {
    const seconds = Math.floor((performance.now() - this.startedAt) / 1000);
    this.text.textContent = `Stop ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
