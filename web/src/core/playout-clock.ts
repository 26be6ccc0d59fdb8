/**
 * Which moment of the media clock is being heard. Pure: time comes in, in seconds of the one running clock that its
 * user has chosen (the sound card's, or the page's as long as there is no sound).
 *
 * It starts with the first media, a little behind it, against uneven arrival. How much behind is learnt from live
 * pictures (they are sent when they are due, so their lateness is the network's), and changed while nothing is heard,
 * by speeding up or slowing down by 2 %, which nobody sees. Sound that comes too late makes it stand still; a stop
 * makes it jump to what comes next.
 */

const START_BUFFER_S = 0.06;
const MARGIN_S = 0.02;
const WINDOW_S = 4;
const SLEW = 0.02;
/** Beyond this it is not unevenness: a connection hung, or a machine slept. */
const JUMP_S = 0.5;

export class PlayoutClock {
  /** Media time at second 0 of the running clock; null before the first media. */
  private originUs: number | null = null;
  private isFlushed = true;
  private soundEndUs = 0;
  private latest: { at: number; transitS: number }[] = [];
  private slewedAt = 0;
  /** How often sound was late and had to be waited for. */
  stalls = 0;
  /** Raised whenever the mapping changed by more than a slew. */
  jumps = 0;

  /** Media time being presented, µs; null before the first media. */
  positionUs(now: number): number | null {
    return this.originUs === null ? null : this.originUs + now * 1e6;
  }

  get origin(): number | null {
    return this.originUs;
  }

  /** How far what is heard lies behind what the network brings, seconds; for people to look at. */
  delayS(): number | null {
    const worst = this.worstTransit();
    return this.originUs === null || worst === null ? null : -this.originUs / 1e6 - worst;
  }

  soundArrived(ptsUs: number, durationUs: number, now: number): void {
    const position = this.positionUs(now);
    if (position === null || this.isFlushed) this.anchor(ptsUs, now + START_BUFFER_S);
    else if (ptsUs < position) {
      this.stalls += 1;
      this.anchor(ptsUs, now + MARGIN_S);
    }
    this.soundEndUs = Math.max(this.soundEndUs, ptsUs + durationUs);
  }

  /** isLive: sent when it is due, not ahead; nobody speaks in it. */
  pictureArrived(ptsUs: number, now: number, isLive: boolean): void {
    const position = this.positionUs(now);
    if (position === null || this.isFlushed) this.anchor(ptsUs, now + START_BUFFER_S);
    else if (isLive && !this.isHeard(now) && Math.abs(ptsUs - position) > JUMP_S * 1e6) this.anchor(ptsUs, now + START_BUFFER_S);
    if (!isLive) return;
    this.latest.push({ at: now, transitS: now - ptsUs / 1e6 });
    while (this.latest.length > 200 || (this.latest.length && this.latest[0]!.at < now - WINDOW_S)) this.latest.shift();
  }

  /** Called often; moves the clock gently while nothing is heard. */
  adapt(now: number): void {
    const since = Math.min(0.1, Math.max(0, now - this.slewedAt));
    this.slewedAt = now;
    const worst = this.worstTransit();
    if (this.originUs === null || worst === null || this.isHeard(now) || this.latest.length < 5) return;
    const wanted = -(worst + MARGIN_S) * 1e6;
    const most = SLEW * since * 1e6;
    this.originUs += Math.min(most, Math.max(-most, wanted - this.originUs));
  }

  /** Not beyond this moment yet: what is to be heard there has nowhere to go still. */
  waitAt(ptsUs: number, now: number): void {
    const position = this.positionUs(now);
    if (position !== null && position > ptsUs) this.anchor(ptsUs, now);
  }

  /** What was at hand has been thrown away: whatever comes next is presented at once. */
  flush(now: number): void {
    this.isFlushed = true;
    this.soundEndUs = Math.min(this.soundEndUs, this.positionUs(now) ?? 0);
    this.latest = [];
  }

  /** Another session begins, whose media clock has nothing to do with this one's. */
  restart(): void {
    this.originUs = null;
    this.isFlushed = true;
    this.soundEndUs = 0;
    this.latest = [];
  }

  /** The running clock is exchanged for another one: the same moment is `before` on the old and `after` on the new. */
  rebase(before: number, after: number): void {
    if (this.originUs !== null) this.originUs += (before - after) * 1e6;
    this.latest = [];
    this.slewedAt = after;
  }

  isHeard(now: number): boolean {
    const position = this.positionUs(now);
    return position !== null && position < this.soundEndUs;
  }

  private worstTransit(): number | null {
    return this.latest.length ? Math.max(...this.latest.map((one) => one.transitS)) : null;
  }

  private anchor(ptsUs: number, at: number): void {
    this.originUs = ptsUs - at * 1e6;
    this.isFlushed = false;
    this.latest = [];
    this.jumps += 1;
  }
}
