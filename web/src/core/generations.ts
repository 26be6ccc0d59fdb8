/**
 * What still counts. A stop raises the generation: from that moment nothing of an older turn is played, shown or
 * written, wherever it is met, without waiting for the server to agree. Pure.
 */

const MOST_REMEMBERED = 32;

export class Generations {
  private running = new Set<string>();
  private voided: string[] = [];
  /** How many events of stopped turns arrived and were left out. */
  staleCount = 0;
  generation = 0;

  /** A turn that this page asked for. */
  begin(turnId: string): void {
    this.running.add(turnId);
  }

  /** Stop everything that runs, but `except`. Returns the turns that were stopped. */
  raise(except = ""): string[] {
    const stopped = [...this.running].filter((turnId) => turnId !== except);
    for (const turnId of stopped) this.void(turnId);
    this.generation += 1;
    return stopped;
  }

  /** The server says that a turn has ended: completed turns still play, stopped ones do not. */
  ended(turnId: string, wasStopped: boolean): void {
    if (wasStopped) this.void(turnId);
    this.running.delete(turnId);
  }

  isVoid(turnId: string): boolean {
    return turnId !== "" && this.voided.includes(turnId);
  }

  /** Whether an event counts; keeps the count of those that do not. Events of no turn always count. */
  admits(turnId: string): boolean {
    const stale = this.isVoid(turnId);
    if (stale) this.staleCount += 1;
    return !stale;
  }

  private void(turnId: string): void {
    this.running.delete(turnId);
    if (this.voided.includes(turnId)) return;
    this.voided.push(turnId);
    if (this.voided.length > MOST_REMEMBERED) this.voided.shift();
  }
}
