/** The text box and its buttons. */
import { TextMode } from "../contract/tth/v1/converse_pb";
import { byId, set } from "./dom";

export interface ComposerEvents {
  say(text: string, mode: TextMode): void;
  modeChanged(mode: TextMode): void;
  /** The first key of a new text. */
  typing(mode: TextMode): void;
  /** The box is empty again. */
  cleared(): void;
  stop(): void;
  /** Hold the turn, or let it go on. */
  pauseOrGoOn(): void;
  /** Any touch or key: from now on the browser allows sound. */
  touched(): void;
}

export class Composer {
  private readonly form = byId<HTMLFormElement>("composer");
  private readonly text = byId<HTMLTextAreaElement>("text");
  private readonly send = byId<HTMLButtonElement>("send");
  private readonly stop = byId<HTMLButtonElement>("stop");
  private readonly pause = byId<HTMLButtonElement>("pause");
  private wasEmpty = true;
  private state: "free" | "busy" | "paused" = "free";
  private name = "the person";

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
    byId("mode").addEventListener("change", () => {
      this.explain();
      events.modeChanged(this.mode);
    });
    this.explain();
    this.pause.addEventListener("click", () => events.pauseOrGoOn());
    addEventListener("keydown", (event) => {
      if (event.key === " " && !this.pause.hidden && !event.isComposing && this.isFree(event.target)) {
        event.preventDefault();
        if (!event.repeat) events.pauseOrGoOn();
      }
      if (event.key === "Escape" && !event.isComposing && document.querySelector("dialog[open]") === null) events.stop();
    });
    for (const kind of ["pointerdown", "keydown"] as const) addEventListener(kind, () => events.touched());
  }

  get mode(): TextMode {
    return this.form.querySelector<HTMLInputElement>("input[name=mode]:checked")?.value === "say" ? TextMode.SAY : TextMode.TALK;
  }

  /** Speaking: there is something to pause and to stop. Paused: what was typed meanwhile can be sent. Else it can always. */
  show(isBusy: boolean, isPaused: boolean): void {
    const state = isPaused ? "paused" : isBusy ? "busy" : "free";
    const sends = !isBusy || (isPaused && !this.wasEmpty);
    if (this.state === state && this.send.hidden === !sends) return;
    this.form.dataset["state"] = this.state = state;
    this.explain();
    const { activeElement } = document;
    this.pause.hidden = !isBusy;
    this.stop.hidden = sends;
    this.send.hidden = !sends;
    set(this.pause, { "aria-label": isPaused ? "Resume" : "Pause", title: isPaused ? "Resume (Space)" : "Pause (Space)" });
    const lostFocus = [this.pause, this.stop, this.send].some((button) => button === activeElement && button.hidden);
    if (lostFocus) this.text.focus();
  }

  address(name: string): void {
    this.name = name;
    this.explain();
  }

  /** What the keys do now, and what becomes of the text. */
  private explain(): void {
    const isTalk = this.mode === TextMode.TALK;
    this.text.placeholder = isTalk ? `Say something to ${this.name}` : `Text for ${this.name} to speak`;
    const what = isTalk ? `${this.name} answers you.` : `${this.name} speaks your text as it stands.`;
    const keys = {
      free: `${what} Enter sends, Shift+Enter makes a new line.`,
      busy: "Space pauses. Esc interrupts, and so does typing.",
      paused: "Space resumes, Esc ends this turn. A new text takes its place.",
    }[this.state];
    byId("hint").textContent = keys;
  }

  focus(): void {
    this.text.focus({ preventScroll: true });
  }

  /** Space means nothing else there: the box is empty, or nothing has the focus that takes keys. */
  private isFree(target: EventTarget | null): boolean {
    if (target === this.text) return this.text.value === "";
    return target instanceof Element && target.closest("button, input, select, textarea, a, dialog, [tabindex]") === null;
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
