/** In which language is spoken: of what works, which depends on whether an answer is wanted. */
import type { ListModelsResponse } from "../contract/tth/v1/tth_service_pb";
import { beginnings, offered } from "../core/languages";
import { byId, el } from "./dom";

export class LanguageView {
  private readonly select = byId<HTMLSelectElement>("language");
  private models: ListModelsResponse["models"] = [];
  private isTalk = true;

  constructor(private readonly changed: (name: string) => void) {
    this.select.addEventListener("change", () => {
      this.chosen();
      changed(this.select.value ? this.select.selectedOptions[0]!.text : "");
    });
  }

  /** BCP 47; empty: the person's own. */
  get code(): string {
    return this.select.value;
  }

  fill(models: ListModelsResponse["models"]): void {
    this.models = models;
    this.draw();
  }

  /** Whether an answer is wanted, or only a voice. */
  setTalk(isTalk: boolean): void {
    if (isTalk === this.isTalk) return;
    this.isTalk = isTalk;
    this.draw();
  }

  private draw(): void {
    const before = this.code;
    const languages = offered(this.models, this.isTalk);
    const options = languages.map(({ code, name }) => el("option", { value: code }, name));
    this.select.replaceChildren(el("option", { value: "" }, "The person's own"), ...options);
    this.select.disabled = languages.length === 0;
    this.select.value = languages.some(({ code }) => code === before) ? before : "";
    if (this.code === before) return;
    this.chosen();
    this.changed("");
  }

  /** Screen readers and line breaking follow the language, and so does what one can begin with. */
  private chosen(): void {
    for (const id of ["caption", "text", "starters"]) byId(id).lang = this.code || "en";
    const texts = beginnings(this.code);
    byId("starters").replaceChildren(...texts.map((text) => el("button", { type: "button" }, text)));
  }
}
