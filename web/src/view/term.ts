/**
 * Words that can be asked about: dotted underneath; the meaning shows under the pointer, with the focus, or at a touch, and
 * goes with Esc. Screen readers read it as the word's description.
 */
import { meaningOf } from "../core/terms";
import { byId, el } from "./dom";

let count = 0;

/** The word alone where it needs no explaining. shown: how it is written where that differs. */
export function term(word: string, shown = word): Node {
  const meaning = meaningOf(word);
  if (meaning === null) return document.createTextNode(shown);
  const id = `meaning-${(count += 1)}`;
  return el("span", {},
    el("button", { type: "button", class: "term", "aria-describedby": id }, shown),
    el("span", { id, hidden: true }, meaning),
  );
}

/** One bubble for all of them. */
export class Meanings {
  private readonly bubble = byId("bubble");
  private of: Element | null = null;

  constructor() {
    for (const kind of ["pointerover", "focusin", "click"] as const) {
      addEventListener(kind, ({ target }) => {
        const word = target instanceof Element ? target.closest(".term") : null;
        if (word) this.show(word);
        else if (kind !== "focusin" && !(target instanceof Element && target.closest("#bubble"))) this.hide();
      });
    }
    addEventListener("focusout", () => this.hide());
    addEventListener("scroll", () => this.hide(), { capture: true, passive: true });
    // Before anything else hears of it: this Esc is not meant for whoever speaks.
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.bubble.hidden) return;
      event.stopImmediatePropagation();
      this.hide();
    }, { capture: true });
  }

  private show(word: Element): void {
    if (this.of === word && !this.bubble.hidden) return;
    this.of = word;
    this.bubble.textContent = document.getElementById(word.getAttribute("aria-describedby")!)?.textContent ?? "";
    this.bubble.hidden = false;
    const [at, own] = [word.getBoundingClientRect(), this.bubble.getBoundingClientRect()];
    const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - own.width - 8));
    const isAbove = at.bottom + own.height + 4 > innerHeight;
    this.bubble.style.left = `${left}px`;
    this.bubble.style.top = `${isAbove ? at.top - own.height : at.bottom}px`;
  }

  private hide(): void {
    this.bubble.hidden = true;
  }
}
