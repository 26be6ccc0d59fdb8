/** Who speaks, and what stands behind them: from what the server has to offer. */
import { Framing } from "../contract/tth/v1/controls_pb";
import type { ListModelsResponse } from "../contract/tth/v1/tth_service_pb";
import { byId, el } from "./dom";

const FRAMINGS: Readonly<Record<number, string>> = { [Framing.HEAD]: "Head", [Framing.BUST]: "Shoulders" };
/** Of no use in a page: it has no alpha channel to show. */
const NOT_HERE = new Set(["transparent"]);

export interface PeopleEvents {
  person(personaId: string): void;
  background(name: string): void;
  framing(framing: Framing): void;
}

export class PeopleView {
  private readonly background = byId<HTMLSelectElement>("background");
  private readonly framing = byId<HTMLSelectElement>("framing");
  private models: ListModelsResponse | null = null;

  constructor(private readonly events: PeopleEvents) {
    this.background.addEventListener("change", () => events.background(this.background.value));
    this.framing.addEventListener("change", () => events.framing(Number(this.framing.value) as Framing));
  }

  fill(models: ListModelsResponse): void {
    this.models = models;
    const people = byId("people");
    const legend = people.querySelector("legend")!;
    const choices = models.personas.map((persona) => {
      const input = el("input", { type: "radio", name: "person", value: persona.personaId });
      input.addEventListener("change", () => this.choose(persona.personaId));
      return el("label", { title: persona.description }, input, el("span", {}, persona.displayName || persona.personaId));
    });
    people.replaceChildren(legend, ...choices);
    const face = models.models.find((model) => model.role === "avatar" && model.active);
    const names = (face?.backgrounds ?? []).filter((name) => !NOT_HERE.has(name));
    this.background.replaceChildren(...names.map((name) => el("option", { value: name }, capital(name))));
    const framings = face?.framings ?? [];
    this.framing.replaceChildren(...framings.map((one) => el("option", { value: one }, FRAMINGS[one] ?? String(one))));
    this.background.disabled = names.length === 0;
    this.framing.disabled = framings.length === 0;
  }

  /** What is in effect. */
  show(personaId: string, background: string, framing: Framing): void {
    const input = document.querySelector<HTMLInputElement>(`input[name="person"][value="${CSS.escape(personaId)}"]`);
    if (input) input.checked = true;
    byId("about").textContent = this.persona(personaId)?.description ?? "";
    if (background) this.background.value = background;
    if (framing) this.framing.value = String(framing);
  }

  nameOf(personaId: string): string {
    return this.persona(personaId)?.displayName || "She";
  }

  private persona(personaId: string) {
    return this.models?.personas.find((persona) => persona.personaId === personaId);
  }

  private choose(personaId: string): void {
    byId("about").textContent = this.persona(personaId)?.description ?? "";
    this.events.person(personaId);
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
