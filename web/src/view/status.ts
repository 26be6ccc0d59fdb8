/** How things stand, calmly: one line at the top, and a notice over the picture while something is out of the ordinary. */
import type { Verdict } from "../core/reconnect";
import type { LineState } from "../session/line";
import { byId } from "./dom";

const NOTICE_MS = 4_000;
const MANY_TRIES = 6;
const COMPONENTS: Readonly<Record<string, string>> = {
  llm: "The language model", tts: "The voice", realtime: "The voice", avatar: "The picture", transport: "The connection",
};

/** Reasons of degraded_mode that people meet. */
const SLOW: Readonly<Record<string, string>> = {
  MACHINE_TOO_SLOW: "Drawn with less detail: the server is busy",
  AVATAR_TOO_SLOW: "Fewer pictures: they come late",
  AVATAR_SILENT: "No pictures come at the moment",
  SLOW_READER: "Fewer pictures: the connection is slow",
};

export class StatusView {
  private timer = 0;
  private who = "She";
  private lineText = "Connecting";
  private isOpen = false;
  private isBack = false;
  private isPaused = false;
  /** What is slow now, by component, in words. */
  private readonly slow = new Map<string, string>();

  get name(): string {
    return this.who;
  }

  set name(name: string) {
    this.who = name;
    this.draw();
  }

  line(state: LineState, tries: number, verdict: Verdict | null, why: string): void {
    document.body.dataset["line"] = state;
    this.isOpen = state === "open";
    this.isBack = false;
    if (state === "connecting") this.slow.clear();
    this.lineText = {
      connecting: "Connecting",
      open: "",
      lost: lost(tries),
      ended: ended(verdict, why),
    }[state];
    this.draw();
    if (state === "lost") this.notice(this.lineText, true);
    if (state === "ended") this.notice(this.lineText, true);
    if (state === "open") this.notice("");
  }

  back(): void {
    this.isBack = true;
    this.draw();
    this.notice("Here again");
  }

  /** The turn is held, or goes on. */
  paused(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.draw();
    this.say(isPaused ? "Paused" : "");
  }

  /** A provider is slow, or works again. */
  degraded(component: string, reason: string, isActive: boolean): void {
    if (isActive) this.slow.set(component, SLOW[reason] ?? `${COMPONENTS[component] ?? component} is slow now: ${reason.toLowerCase().replaceAll("_", " ")}`);
    else this.slow.delete(component);
    this.draw();
  }

  /** For screen readers only. */
  say(text: string): void {
    byId("announce").textContent = text;
  }

  /** Empty takes it away. stays: until the next one. */
  notice(text: string, stays = false): void {
    clearTimeout(this.timer);
    const box = byId("notice");
    box.textContent = text;
    box.hidden = text === "";
    if (text && !stays) this.timer = window.setTimeout(() => (box.hidden = true), NOTICE_MS);
  }

  private draw(): void {
    byId("status-text").textContent = this.isOpen ? this.here() : this.lineText;
  }

  private here(): string {
    if (this.isPaused) return `Paused, ${this.who} listens`;
    for (const text of this.slow.values()) return text;
    return this.isBack ? `${this.who} is back` : `${this.who} is here`;
  }
}

/** A network hiccup is over with the first few tries; then it is probably the server. */
function lost(tries: number): string {
  return tries < MANY_TRIES ? "Connection lost, coming back" : "The server does not answer, trying on";
}

function ended(verdict: Verdict | null, why: string): string {
  if (verdict === "taken") return "This conversation goes on in another window";
  if (verdict === "unauthenticated") return "A token is needed";
  const isGone = why.startsWith("SESSION_NOT_FOUND"); // it ended while the connection was lost
  if (verdict === "refused" && !isGone) return why ? `Refused: ${why}` : "Refused";
  return "This conversation is over; a key or a touch begins another";
}
