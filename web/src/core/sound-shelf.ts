/**
 * Sound that was given to the audio thread and is not heard yet: what a pause takes back from there, and what is played
 * later where the server had sent it all. Pure.
 */

/** 16-bit samples of one channel by their place on the media clock. */
export interface SoundPiece {
  readonly ptsUs: number;
  readonly data: Uint8Array;
  readonly rateHz: number;
  readonly isLast: boolean;
}

/** Above what a server sends ahead (3 s at most), in pieces of 20 ms. */
const MOST_PIECES = 256;

export class SoundShelf {
  private pieces: SoundPiece[] = [];
  private isHeld = false;
  private voidBeforeUs = -Infinity;

  /** A piece came. Returns whether it is to be played; else it is kept back, or void. positionUs: heard up to here. */
  take(piece: SoundPiece, positionUs: number): boolean {
    if (piece.ptsUs < this.voidBeforeUs) return false;
    if (!this.isHeld) this.pieces = this.pieces.filter((one) => endUs(one) > positionUs);
    this.pieces.push(piece);
    if (this.pieces.length > MOST_PIECES) this.pieces.shift();
    return !this.isHeld;
  }

  hold(): void {
    this.isHeld = true;
  }

  /** What was kept back will not be heard, nor what still comes with times up to where it ends. */
  voidHeld(): void {
    this.voidBeforeUs = Math.max(this.voidBeforeUs, ...this.pieces.map(endUs));
    this.pieces = [];
    this.isHeld = false;
  }

  /** Forget everything: a stop, or another session with a media clock of its own. */
  clear(): void {
    this.pieces = [];
    this.isHeld = false;
    this.voidBeforeUs = -Infinity;
  }

  /** What lies behind a moment, at times that are so much later: to be played now. */
  release(fromUs: number, byUs: number): SoundPiece[] {
    const left = this.pieces.filter((one) => endUs(one) > fromUs).map((one) => behind(one, fromUs));
    this.isHeld = false;
    this.pieces = left.map((one) => ({ ...one, ptsUs: one.ptsUs + byUs }));
    return this.pieces;
  }
}

export function endUs({ ptsUs, data, rateHz }: SoundPiece): number {
  return ptsUs + (data.length / 2 / rateHz) * 1e6;
}

function behind(piece: SoundPiece, fromUs: number): SoundPiece {
  const heard = Math.round(((fromUs - piece.ptsUs) * piece.rateHz) / 1e6);
  if (heard <= 0) return piece;
  return { ...piece, ptsUs: piece.ptsUs + (heard / piece.rateHz) * 1e6, data: piece.data.subarray(2 * heard) };
}
