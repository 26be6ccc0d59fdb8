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
  private isHere = false;
  private who = "She";

  get name(): string {
    return this.who;
  }

  set name(name: string) {
    this.who = name;
    if (this.isHere) this.set(`${name} is here`);
  }

  line(state: LineState, tries: number, verdict: Verdict | null, why: string): void {
    document.body.dataset["line"] = state;
    this.isHere = state === "open";
    const text = {
      connecting: "Connecting",
      open: `${this.name} is here`,
      lost: tries <= 1 ? "Connection lost, coming back" : `Connection lost, coming back (try ${tries})`,
      ended: ended(verdict, why),
    }[state];
    this.set(text);
    if (state === "lost") this.notice("Connection lost, coming back", true);
    if (state === "ended") this.notice(text, true);
    if (state === "open") this.notice("");
  }

  back(): void {
    this.set(`${this.name} is back`);
    this.notice("Here again");
  }

  /** A provider is slow, or works again. */
  degraded(component: string, reason: string, isActive: boolean): void {
    const who = COMPONENTS[component] ?? component;
    const how = reason.toLowerCase().replaceAll("_", " ");
    this.isHere = !isActive;
    this.set(isActive ? `${who} is slow now: ${how}` : `${this.name} is here`);
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

  private set(text: string): void {
    byId("status-text").textContent = text;
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
