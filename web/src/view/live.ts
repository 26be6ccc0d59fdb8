/** Figures of this moment: what arrives, how well picture and sound fit, how the connection is. */
import { ByteRate, duration, rate, Spread } from "../core/figures";
import type { Player } from "../media/player";
import { byId, figures } from "./dom";
import { term } from "./term";

/** What a program may ask this page; the browser tests do. */
export interface Measured {
  readonly offsetP95Ms: number | null;
  readonly offsetMeanMs: number | null;
  readonly offsetCount: number;
  /** Head start of pictures of speech when they arrived, the worst 5 %; below 0 they came too late to be in step. */
  readonly headStartP5Ms: number | null;
  readonly decoderFailures: number;
  readonly faceBytesPerSecond: number;
  readonly pictureBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  readonly stalls: number;
  readonly framesPerSecond: number;
}

export class LiveView {
  private readonly all = new ByteRate();
  private readonly pictures = new ByteRate();
  private readonly faces = new ByteRate();
  private readonly frames = new ByteRate(2);
  private readonly roundTrip = new Spread(8);
  resumes = 0;

  constructor(private readonly player: Player) {}

  arrived(kind: string, bytes: number): void {
    const now = performance.now() / 1000;
    this.all.add(bytes, now);
    if (kind === "videoFrame") this.pictures.add(bytes, now);
    if (kind === "motionFrame") this.faces.add(bytes, now);
  }

  drawn(): void {
    this.frames.add(1, performance.now() / 1000);
  }

  answered(roundTripMs: number): void {
    this.roundTrip.add(roundTripMs);
  }

  measured(): Measured {
    const now = performance.now() / 1000;
    return {
      offsetP95Ms: this.player.offset.absQuantile(0.95),
      offsetMeanMs: this.player.offset.mean(),
      offsetCount: this.player.offset.count,
      headStartP5Ms: this.player.headStart.quantile(0.05),
      decoderFailures: this.player.pictures.failures,
      faceBytesPerSecond: this.faces.perSecond(now),
      pictureBytesPerSecond: this.pictures.perSecond(now),
      downBytesPerSecond: this.all.perSecond(now),
      stalls: this.player.clock.stalls,
      framesPerSecond: this.frames.perSecond(now),
    };
  }

  /** hasFaces, hasPictures: what this session asked for. */
  draw(hasPictures: boolean, hasFaces: boolean): void {
    const now = this.measured();
    const rows: [string, string][] = [["Coming in", rate(now.downBytesPerSecond)]];
    if (hasPictures) rows.push(["of it pictures", rate(now.pictureBytesPerSecond)]);
    if (hasFaces) rows.push(["of it the 3D face", rate(now.faceBytesPerSecond)]);
    rows.push(["Pictures a second", now.framesPerSecond.toFixed(0)]);
    rows.push(["Picture to sound, 95 %", now.offsetP95Ms === null ? "–" : duration(now.offsetP95Ms)]);
    const delay = this.player.clock.delayS();
    rows.push(["Held back", delay === null ? "–" : duration(Math.max(0, delay * 1000))]);
    const trip = this.roundTrip.mean();
    rows.push(["Round trip", trip === null ? "–" : duration(trip)]);
    rows.push(["Waited for sound", String(now.stalls)]);
    rows.push(["Came back", String(this.resumes)]);
    figures(byId("live-figures"), rows, term);
  }
}
