/** The person in the middle: draws the picture that is due, and its light on the wall behind. */
import type { Picture } from "../media/pictures";
import { byId, prefersStill } from "./dom";

const AMBIENT_EVERY_MS = 500;

export class Screen {
  readonly canvas = byId<HTMLCanvasElement>("screen");
  private readonly ambient = byId<HTMLCanvasElement>("ambient");
  private readonly scene = byId("scene");
  private readonly context = this.canvas.getContext("2d", { alpha: true, desynchronized: false })!;
  private readonly light = this.ambient.getContext("2d")!;
  private litAt = -Infinity;
  /** Pictures drawn. */
  drawn = 0;

  /** Draws and closes the picture. */
  show(picture: Picture): void {
    const width = "displayWidth" in picture ? picture.displayWidth : picture.width;
    const height = "displayHeight" in picture ? picture.displayHeight : picture.height;
    if (this.canvas.width !== width || this.canvas.height !== height) [this.canvas.width, this.canvas.height] = [width, height];
    this.context.drawImage(picture, 0, 0, width, height);
    picture.close();
    this.drawn += 1;
    this.lightFrom(this.canvas);
  }

  /** The wall takes the colours of what is shown. */
  lightFrom(source: HTMLCanvasElement): void {
    if (this.scene.dataset["state"] !== "alive") this.scene.dataset["state"] = "alive";
    const now = performance.now();
    if (now - this.litAt < AMBIENT_EVERY_MS * (prefersStill() ? 8 : 1)) return;
    this.litAt = now;
    this.light.globalAlpha = 0.5; // light follows slowly
    // From both edges, where the wall is: hair in the middle would be a shadow.
    const { width, height } = this.ambient;
    const edge = source.width / 12;
    this.light.drawImage(source, 0, 0, edge, source.height / 2, 0, 0, width / 2, height);
    this.light.drawImage(source, source.width - edge, 0, edge, source.height / 2, width / 2, 0, width / 2, height);
  }
}
