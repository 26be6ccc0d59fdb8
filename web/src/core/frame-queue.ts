/**
 * Pictures by their time on the media clock: the newest that is due is shown, older ones are left out.
 * Pure; T is whatever a picture is here. `close` gives back what holds memory outside the heap.
 */

export interface Timed<T> {
  readonly ptsUs: number;
  readonly turnId: string;
  readonly picture: T;
}

/** How pictures of a turn that was held are taken that come later: they were under way, or waited for a decoder. */
interface Rule {
  readonly turnId: string;
  readonly voidUntilUs: number;
  readonly byUs: number;
}

export class FrameQueue<T> {
  private frames: Timed<T>[] = [];
  private held: { readonly turnId: string; readonly frames: Timed<T>[] } | null = null;
  private rule: Rule = { turnId: "", voidUntilUs: -Infinity, byUs: 0 };
  private soloUntilUs = -Infinity;
  /** Pictures that were overtaken before they could be shown. */
  skipped = 0;
  /** Pictures that were handed out. */
  taken = 0;

  /** most: how many may wait; above that the oldest go. */
  constructor(private readonly close: (picture: T) => void, private readonly most: number) {}

  push(frame: Timed<T>): void {
    if (this.rule.turnId && frame.turnId === this.rule.turnId) {
      if (frame.ptsUs <= this.rule.voidUntilUs) {
        this.close(frame.picture);
        return;
      }
      if (this.rule.byUs) frame = later(frame, this.rule.byUs);
    }
    if (this.held?.turnId === frame.turnId) {
      this.held.frames.push(frame);
      while (this.held.frames.length > this.most) this.close(this.held.frames.shift()!.picture);
      return;
    }
    this.frames.push(frame);
    if (this.frames.length > 1 && this.frames.at(-2)!.ptsUs > frame.ptsUs) this.frames.sort((a, b) => a.ptsUs - b.ptsUs);
    while (this.frames.length > this.most) this.skip(this.frames.shift()!);
  }

  /** The picture to be shown now where it is another one than before; the caller closes it when it is replaced. */
  take(positionUs: number): Timed<T> | null {
    let due: Timed<T> | null = null;
    while (this.frames.length && this.frames[0]!.ptsUs <= positionUs) {
      const next = this.frames.shift()!;
      if (next.ptsUs < this.soloUntilUs && next.turnId !== this.rule.turnId) {
        this.close(next.picture);
        continue;
      }
      if (due !== null) this.skip(due);
      due = next;
    }
    if (due !== null) this.taken += 1;
    return due;
  }

  /** Throw away every picture of which `isVoid` is true. */
  discard(isVoid: (frame: Timed<T>) => boolean): void {
    this.soloUntilUs = -Infinity;
    const kept: Timed<T>[] = [];
    for (const frame of this.frames) {
      if (isVoid(frame)) this.close(frame.picture);
      else kept.push(frame);
    }
    this.frames = kept;
  }

  /** Keep back what is left of a turn, and what comes of it, until `voidHeld` or `release`. */
  hold(turnId: string): void {
    const frames = this.frames.filter((frame) => frame.turnId === turnId);
    this.frames = this.frames.filter((frame) => frame.turnId !== turnId);
    this.held = { turnId, frames };
  }

  /** What was kept back is not to be shown, nor what still comes of it with a time up to this. */
  voidHeld(untilUs: number): void {
    if (this.held === null) return;
    for (const frame of this.held.frames) this.close(frame.picture);
    this.rule = { turnId: this.held.turnId, voidUntilUs: untilUs, byUs: 0 };
    this.held = null;
  }

  /** What was kept back is shown after all, so much later, and until it ends nothing but that. */
  release(byUs: number): void {
    if (this.held === null) return;
    const { turnId, frames } = this.held;
    const before = this.rule.turnId === turnId ? this.rule.byUs : 0; // it was released once before
    this.rule = { turnId, voidUntilUs: -Infinity, byUs: before + byUs };
    this.held = null;
    this.frames.push(...frames.map((frame) => later(frame, byUs)));
    this.frames.sort((a, b) => a.ptsUs - b.ptsUs);
    this.soloUntilUs = frames.length ? frames.at(-1)!.ptsUs + byUs : -Infinity;
  }

  get length(): number {
    return this.frames.length;
  }

  get endUs(): number | null {
    return this.frames.at(-1)?.ptsUs ?? null;
  }

  private skip(frame: Timed<T>): void {
    this.skipped += 1;
    this.close(frame.picture);
  }
}

function later<T>(frame: Timed<T>, byUs: number): Timed<T> {
  return { ...frame, ptsUs: frame.ptsUs + byUs };
}
