/** What the page's expert words mean, in a sentence each. Pure; the words are those of docs/glossary.md. */

const TERMS: Readonly<Record<string, string>> = {
  "Heard after": "From sending your text to the first sound in your ear, the way through the network and the sound card included.",
  "Drift, 95 %": "How far pictures were from their sound when the server sent them: 95 of 100 were nearer than this. Below 80 ms nobody sees it.",
  "Picture to sound, 95 %": "How far pictures are from the sound as you hear it, measured on this page: 95 of 100 are nearer than this.",
  "Held back": "How long this page waits before it plays what has arrived, so that an uneven network is not heard.",
  "Waited for sound": "How often sound came too late and speech had to wait for it.",
  "Came back": "How often a lost connection was taken up again in this visit.",
  "Round trip": "A message to the server and back.",
  Valence: "How pleasant it feels: −1 is unpleasant, +1 is pleasant.",
  Arousal: "How excited it feels: −1 is calm, +1 is excited.",
  emulated: "Done by other means than the model's own, such as stretching the sound for another speed.",
  "nearest possible": "What was asked for lies outside what the model can do; this is as near as it gets.",
  replaced: "The model cannot do what was asked for; this comes in its place.",
  "not possible here": "No model in use can do it.",
  "from the next turn": "What is being said ends as it began.",
};

/** The meaning of a word; null where it needs none. */
export function meaningOf(word: string): string | null {
  return TERMS[word] ?? null;
}
