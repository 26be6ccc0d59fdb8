/** The text box and its two buttons. */
import { TextMode } from "../contract/tth/v1/converse_pb";
import { byId } from "./dom";

export interface ComposerEvents {
  say(text: string, mode: TextMode): void;
  /** The first key of a new text. */
  typing(mode: TextMode): void;
  /** The box is empty again. */
  cleared(): void;
  stop(): void;
  /** Any touch or key: from now on the browser allows sound. */
  touched(): void;
}

export class Composer {
  private readonly form = byId<HTMLFormElement>("composer");
  private readonly text = byId<HTMLTextAreaElement>("text");
  private readonly send = byId<HTMLButtonElement>("send");
  private readonly stop = byId<HTMLButtonElement>("stop");
  private wasEmpty = true;

  constructor(private readonly events: ComposerEvents) {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    this.text.addEventListener("input", () => this.typed());
    byId("starters").addEventListener("click", (event) => {
      const starter = (event.target as HTMLElement).closest("button");
      if (starter) this.say(starter.textContent ?? "");
    });
    this.stop.addEventListener("click", () => events.stop());
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing && document.querySelector("dialog[open]") === null) events.stop();
    });
    for (const kind of ["pointerdown", "keydown"] as const) addEventListener(kind, () => events.touched());
  }

  get mode(): TextMode {
    return this.form.querySelector<HTMLInputElement>("input[name=mode]:checked")?.value === "say" ? TextMode.SAY : TextMode.TALK;
  }

  /** Speaking: the button stops; else it sends. */
  showBusy(isBusy: boolean): void {
    if (this.stop.hidden === !isBusy) return;
    const hadFocus = document.activeElement === this.stop || document.activeElement === this.send;
    this.stop.hidden = !isBusy;
    this.send.hidden = isBusy;
    if (hadFocus) this.text.focus();
  }

  address(name: string): void {
    this.text.placeholder = `Say something to ${name}`;
  }

  focus(): void {
    this.text.focus({ preventScroll: true });
  }

  private typed(): void {
    const isEmpty = this.text.value.trim() === "";
    if (isEmpty !== this.wasEmpty) {
      this.wasEmpty = isEmpty;
      if (isEmpty) this.events.cleared();
      else this.events.typing(this.mode);
    }
  }

  private submit(): void {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.wasEmpty = true;
    this.say(text);
  }

  private say(text: string): void {
    byId("starters").classList.add("over");
    this.focus();
    this.events.say(text, this.mode);
  }
}
