/** The turn's text with the word that is being heard. Pure. */

export interface Word {
  /** Code points from the start of the turn's text. */
  readonly offset: number;
  readonly length: number;
  readonly ptsUs: number;
  readonly durationUs: number;
}

/** A stretch of the caption. */
export interface CaptionPart {
  readonly text: string;
  readonly state: "heard" | "now" | "ahead";
}

export class Captions {
  private points: string[] = [];
  private words: Word[] = [];

  constructor(readonly turnId: string) {}

  /** A piece of text; offset in code points. A piece that comes again takes the place of what was there. */
  addText(text: string, offset: number): void {
    this.points.length = Math.min(this.points.length, offset);
    while (this.points.length < offset) this.points.push(" ");
    this.points.push(...text);
  }

  /**
   * A word's time; one with an offset that came before takes its place. Times rise through the text, so what stands
   * behind it with an earlier time is void: it comes again as well.
   */
  addWord(word: string, offset: number, ptsUs: number, durationUs: number): void {
    const timed = { offset, length: [...word].length, ptsUs, durationUs };
    const at = this.words.findIndex((other) => other.offset >= offset);
    if (at < 0) this.words.push(timed);
    else this.words.splice(at, this.words[at]!.offset === offset ? 1 : 0, timed);
    this.words = this.words.filter((other) => other.offset <= offset || other.ptsUs >= ptsUs);
  }

  /** A pause: words from here on come again. */
  cutWords(fromUs: number): void {
    this.words = this.words.filter((word) => word.ptsUs < fromUs);
  }

  /** A pause: what was not heard by then is heard so much later. */
  shiftWords(fromUs: number, byUs: number): void {
    const isLeft = (word: Word) => word.ptsUs + word.durationUs > fromUs;
    this.words = this.words.map((word) => (isLeft(word) ? { ...word, ptsUs: word.ptsUs + byUs } : word));
  }

  get text(): string {
    return this.points.join("");
  }

  /** The word being heard: the last one that has begun; null before the first. */
  wordAt(positionUs: number): Word | null {
    let current: Word | null = null;
    for (const word of this.words) if (word.ptsUs <= positionUs) current = word;
    return current;
  }

  /** Text from the start up to a moment: what a listener has heard. */
  heardText(positionUs: number): string {
    const word = this.wordAt(positionUs);
    return word === null ? "" : this.points.slice(0, word.offset + word.length).join("");
  }

  /** Changes whenever `view` would: cheap to ask at every refresh of the screen. */
  stamp(positionUs: number): string {
    const word = this.wordAt(positionUs);
    const isOver = word !== null && positionUs >= word.ptsUs + word.durationUs;
    return `${this.turnId} ${word?.offset ?? -1} ${isOver} ${this.points.length}`;
  }

  /** What to show: the sentences around the word being heard, at most about `most` code points. */
  view(positionUs: number, most = 160): CaptionPart[] {
    const word = this.wordAt(positionUs);
    const [from, to] = this.window(word?.offset ?? 0, most);
    const slice = (start: number, end: number) => this.points.slice(Math.max(start, from), Math.min(end, to)).join("");
    if (word === null) return parts([slice(from, to), "ahead"]);
    const end = word.offset + word.length;
    const isOver = positionUs >= word.ptsUs + word.durationUs;
    return parts(
      [slice(from, word.offset), "heard"],
      [slice(word.offset, end), isOver ? "heard" : "now"],
      [slice(end, to), "ahead"],
    );
  }

  /** Pages: the text is cut behind sentences (or words), so that it stands still while a page is being spoken. */
  private window(offset: number, most: number): [number, number] {
    let from = 0;
    for (;;) {
      const to = this.pageEnd(from, most);
      if (offset < to || to >= this.points.length) return [from, to];
      from = to;
    }
  }

  private pageEnd(from: number, most: number): number {
    const limit = Math.min(this.points.length, from + most);
    if (limit === this.points.length) return limit;
    let space = 0;
    let sentence = 0;
    for (let at = from; at < limit; at++) {
      if (!/\s/.test(this.points[at]!)) {
        if (/[。！？]/.test(this.points[at]!)) sentence = at + 1;
        continue;
      }
      space = at + 1;
      if (/[.!?…:]/.test(this.points[at - 1] ?? "")) sentence = at + 1;
    }
    return sentence > from + most / 3 ? sentence : space || limit;
  }
}

function parts(...all: [string, CaptionPart["state"]][]): CaptionPart[] {
  return all.filter(([text]) => text !== "").map(([text, state]) => ({ text, state }));
}
