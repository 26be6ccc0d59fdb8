/**
 * Pictures by their time on the media clock: the newest that is due is shown, older ones are left out.
 * Pure; T is whatever a picture is here. `close` gives back what holds memory outside the heap.
 */

export interface Timed<T> {
  readonly ptsUs: number;
  readonly turnId: string;
  readonly picture: T;
}

export class FrameQueue<T> {
  private frames: Timed<T>[] = [];
  /** Pictures that were overtaken before they could be shown. */
  skipped = 0;
  /** Pictures that were handed out. */
  taken = 0;

  /** most: how many may wait; above that the oldest go. */
  constructor(private readonly close: (picture: T) => void, private readonly most: number) {}

  push(frame: Timed<T>): void {
    this.frames.push(frame);
    if (this.frames.length > 1 && this.frames.at(-2)!.ptsUs > frame.ptsUs) this.frames.sort((a, b) => a.ptsUs - b.ptsUs);
    while (this.frames.length > this.most) this.drop(this.frames.shift()!);
  }

  /** The picture to be shown now where it is another one than before; the caller closes it when it is replaced. */
  take(positionUs: number): Timed<T> | null {
    let due: Timed<T> | null = null;
    while (this.frames.length && this.frames[0]!.ptsUs <= positionUs) {
      if (due !== null) this.drop(due);
      due = this.frames.shift()!;
    }
    if (due !== null) this.taken += 1;
    return due;
  }

  /** Throw away every picture of which `isVoid` is true. */
  discard(isVoid: (frame: Timed<T>) => boolean): void {
    const kept: Timed<T>[] = [];
    for (const frame of this.frames) {
      if (isVoid(frame)) this.close(frame.picture);
      else kept.push(frame);
    }
    this.frames = kept;
  }

  get length(): number {
    return this.frames.length;
  }

  get endUs(): number | null {
    return this.frames.at(-1)?.ptsUs ?? null;
  }

  private drop(frame: Timed<T>): void {
    this.skipped += 1;
    this.close(frame.picture);
  }
}
