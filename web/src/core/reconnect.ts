/** What a closed WebSocket means, and when to try again. Pure. */

/** 4000 + the gRPC status: the gateway's close codes. */
const STATUS_BASE = 4000;
const ABORTED = 10;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

export type Verdict = "over" | "retry" | "taken" | "unauthenticated" | "refused";

/** hasEnded: the server has said goodbye (go_away) for good. */
export function verdictOn(closeCode: number, hasEnded: boolean): Verdict {
  if (hasEnded || closeCode === 1000) return "over";
  if (closeCode === STATUS_BASE + UNAVAILABLE) return "retry";
  if (closeCode === STATUS_BASE + ABORTED) return "taken";
  if (closeCode === STATUS_BASE + UNAUTHENTICATED) return "unauthenticated";
  if (closeCode >= STATUS_BASE && closeCode <= STATUS_BASE + UNAUTHENTICATED) return "refused";
  if (closeCode === 1003 || closeCode === 1007 || closeCode === 1009) return "refused";
  return "retry"; // 1001, 1005, 1006, 1011 ...: the connection or the gateway is gone
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

/** The pause before a try, from 0; chance: 0..1, so that many pages do not come back in the same moment. */
export function pauseMs(tries: number, chance: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 1.6 ** tries) * (0.5 + chance / 2);
}
