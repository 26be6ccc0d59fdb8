/** Which languages can be offered: what the models in use say of themselves. Pure. */

export interface Language {
  /** BCP 47. */
  readonly code: string;
  readonly name: string;
}

/** An active model; no codes: it does not say. */
export interface Speaker {
  readonly role: string;
  readonly active: boolean;
  readonly languageCodes: readonly string[];
}

const primary = (code: string) => code.split(/[-_]/)[0]!.toLowerCase();
const NAMES = new Intl.DisplayNames("en", { type: "language", fallback: "none" });

/** By name. isTalk: somebody has to understand it as well as to speak it. */
export function offered(models: readonly Speaker[], isTalk: boolean): Language[] {
  const active = models.filter((model) => model.active);
  const codes = (role: string) => active.find((model) => model.role === role)?.languageCodes ?? [];
  if (isTalk && active.some((model) => model.role === "realtime")) return named(codes("realtime"));
  const [spoken, understood] = [codes("tts"), isTalk ? codes("llm") : []];
  if (!spoken.length) return named(understood);
  const known = new Set(understood.map(primary));
  return named(known.size ? spoken.filter((code) => known.has(primary(code))) : spoken);
}

/** One entry a name, and none for what has none: variants of a voice's own, languages that browsers do not know. */
function named(codes: readonly string[]): Language[] {
  const byName = new Map<string, Language>();
  for (const code of [...codes].sort((a, b) => a.length - b.length)) {
    const name = nameOf(code);
    if (name !== undefined && !byName.has(name)) byName.set(name, { code, name });
  }
  return [...byName.values()].sort((a, b) => a.name.localeCompare(b.name, "en"));
}

function nameOf(code: string): string | undefined {
  return code.includes("-x-") ? undefined : NAMES.of(code);
}

/** What one can begin with, in the languages that the embedded talker knows. */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  en: ["Who are you?", "Tell me a story", "How do you feel today?"],
  de: ["Wer bist du?", "Erzähl mir eine Geschichte", "Wie geht es dir heute?"],
  es: ["¿Quién eres?", "Cuéntame una historia", "¿Cómo estás hoy?"],
  fr: ["Qui es-tu ?", "Raconte-moi une histoire", "Comment vas-tu aujourd’hui ?"],
  zh: ["你是谁？", "给我讲个故事", "你今天感觉怎么样？"],
};

/** code: empty for the person's own. Empty where nobody has thought of any. */
export function beginnings(code: string): readonly string[] {
  return BEGINNINGS[primary(code || "en")] ?? [];
}
