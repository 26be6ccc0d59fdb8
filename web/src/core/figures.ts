/** Figures over a moving window: bytes a second, and how far pictures are from their sound. Pure. */

/** Bytes a second over the last `windowS` seconds. */
export class ByteRate {
  private readonly entries: { at: number; bytes: number }[] = [];
  private sum = 0;
  private startedAt: number | null = null;
  total = 0;

  constructor(private readonly windowS = 4) {}

  add(bytes: number, now: number): void {
    this.startedAt ??= now;
    this.entries.push({ at: now, bytes });
    this.sum += bytes;
    this.total += bytes;
    this.trim(now);
  }

  perSecond(now: number): number {
    this.trim(now);
    if (this.startedAt === null) return 0;
    return this.sum / Math.max(0.5, Math.min(this.windowS, now - this.startedAt));
  }

  private trim(now: number): void {
    while (this.entries.length && this.entries[0]!.at < now - this.windowS) this.sum -= this.entries.shift()!.bytes;
  }
}

/** The newest values, at most `most`, and what people ask about them. */
export class Spread {
  private readonly values: number[] = [];

  constructor(private readonly most = 1500) {}

  add(value: number): void {
    this.values.push(value);
    if (this.values.length > this.most) this.values.shift();
  }

  get count(): number {
    return this.values.length;
  }

  mean(): number | null {
    return this.count ? this.values.reduce((sum, value) => sum + value, 0) / this.count : null;
  }

  /** quantile: 0..1, of the absolute values. */
  absQuantile(quantile: number): number | null {
    if (!this.count) return null;
    const sorted = this.values.map(Math.abs).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]!;
  }

  /** quantile: 0..1, of the values as they are. */
  quantile(quantile: number): number | null {
    if (!this.count) return null;
    const sorted = [...this.values].sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]!;
  }

  clear(): void {
    this.values.length = 0;
  }
}

/** "38 ms", "1.2 s", "14 KB/s": short, and never more exact than it is. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

export function rate(bytesPerSecond: number): string {
  const kilo = bytesPerSecond / 1000;
  return `${kilo < 10 ? kilo.toFixed(1) : Math.round(kilo)} KB/s`;
}
