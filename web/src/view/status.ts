/** How things stand, calmly: one line at the top, and a notice over the picture while something is out of the ordinary. */
import type { Verdict } from "../core/reconnect";
import type { LineState } from "../session/line";
import { byId } from "./dom";

const NOTICE_MS = 4_000;
const COMPONENTS: Readonly<Record<string, string>> = {
  llm: "The language model", tts: "The voice", realtime: "The voice", avatar: "The picture", transport: "The connection",
};

export class StatusView {
  private timer = 0;
  private who = "She";
  private lineText = "Connecting";
  private isOpen = false;
  private isBack = false;
  private isPaused = false;
  /** What is slow now, by component. */
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
      lost: tries <= 1 ? "Connection lost, coming back" : `Connection lost, coming back (try ${tries})`,
      ended: ended(verdict, why),
    }[state];
    this.draw();
    if (state === "lost") this.notice("Connection lost, coming back", true);
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
    if (isActive) this.slow.set(component, reason.toLowerCase().replaceAll("_", " "));
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
    for (const [component, how] of this.slow) return `${COMPONENTS[component] ?? component} is slow now: ${how}`;
    return this.isBack ? `${this.who} is back` : `${this.who} is here`;
  }
}

function ended(verdict: Verdict | null, why: string): string {
  switch (verdict) {
    case "taken":
      return "This conversation goes on in another window";
    case "unauthenticated":
      return "A token is needed";
    case "refused":
      return why ? `Refused: ${why}` : "Refused";
    default:
      return "This conversation is over; any key begins another";
  }
}
