/** The conversation so far, for eyes and for screen readers: a line when something was asked, and one when it was said. */
import { TextMode } from "../contract/tth/v1/converse_pb";
import type { Turn } from "../session/turn";
import { byId, el } from "./dom";

const MOST_LINES = 60;

export class LogView {
  private readonly list = byId("log");
  private readonly lines = new Map<string, HTMLElement>();

  asked(turn: Turn): void {
    if (turn.mode === TextMode.TALK) this.add(el("div", {}, el("b", {}, "You"), el("span", {}, turn.userText)));
  }

  /** Once a turn has ended: what was heard, and crossed out what was not. */
  said(turn: Turn, name: string): void {
    const text = turn.captions.text.trim();
    if (!text && turn.heardText === null) return;
    const heard = turn.heardText === null ? text : turn.heardText.trim();
    const rest = turn.heardText !== null && text.startsWith(heard) ? text.slice(heard.length) : "";
    const line = this.lines.get(turn.id) ?? el("div");
    line.replaceChildren(el("b", {}, name), el("span", {}, heard, ...(rest.trim() ? [el("s", {}, rest)] : [])));
    if (this.lines.has(turn.id)) return;
    this.lines.set(turn.id, line);
    this.add(line);
  }

  get hasLines(): boolean {
    return this.list.children.length > 0;
  }

  /** What stands above is not remembered any more. */
  newConversation(): void {
    if (this.hasLines && this.list.lastElementChild!.className !== "anew") this.add(el("div", { class: "anew" }, "A new conversation: nothing above is remembered"));
  }

  private add(line: HTMLElement): void {
    this.list.append(line);
    while (this.list.children.length > MOST_LINES) this.list.firstElementChild!.remove();
    this.list.scrollTop = this.list.scrollHeight;
  }
}
