import { expect, test } from "vitest";
import { Captions } from "../../src/core/captions";

function said(text: string, msPerWord = 300): Captions {
  const captions = new Captions("t");
  captions.addText(text, 0);
  let at = 0;
  for (const match of text.matchAll(/\S+/g)) {
    const word = match[0].replace(/[.,!?]+$/, "");
    captions.addWord(word, [...text.slice(0, match.index)].length, at * 1000, msPerWord * 1000);
    at += msPerWord;
  }
  return captions;
}

test("the word that is being heard is marked, the rest is before or behind it", () => {
  expect(said("One two three.").view(350_000)).toEqual([
    { text: "One ", state: "heard" },
    { text: "two", state: "now" },
    { text: " three.", state: "ahead" },
  ]);
});

test("nothing is marked before the first word and behind the last", () => {
  const captions = said("One two.");
  expect(captions.view(-1)).toEqual([{ text: "One two.", state: "ahead" }]);
  expect(captions.view(9_000_000).some((part) => part.state === "now")).toBe(false);
});

test("offsets are code points: emoji and accents do not shift the mark", () => {
  expect(said("Hi 👋🏽 José yes").view(650_000).find((part) => part.state === "now")!.text).toBe("José");
});

test("text that comes in pieces is one text; a piece that comes again takes the old one's place", () => {
  const captions = new Captions("t");
  captions.addText("Hello wor", 0);
  captions.addText("world.", 6);
  expect(captions.text).toBe("Hello world.");
});

test("words that come again after a pause take the place of the old ones", () => {
  const captions = said("One two three");
  captions.addWord("two", 4, 5_000_000, 300_000);
  expect(captions.wordAt(400_000)!.offset).toBe(0);
  expect(captions.heardText(5_100_000)).toBe("One two three".slice(0, 7));
});

test("a page stands still while it is spoken, and is cut behind a sentence", () => {
  const text = "This is the first sentence of a longer text. Here is the second one. And this is the third, which is long as well.";
  const captions = said(text);
  const page = (us: number) => captions.view(us, 80).map((part) => part.text).join("");
  expect(page(0)).toBe(page(2_900_000));
  expect(page(0).trimEnd().endsWith(".")).toBe(true);
  const pages = new Set([...Array(60).keys()].map((i) => page(i * 200_000)));
  expect([...pages].join("")).toBe(text);
});

test("Chinese, which has no spaces, is cut behind its own full stops", () => {
  const captions = new Captions("t");
  captions.addText("你好。我是安娜。今天天气很好，我们可以谈谈。".repeat(6), 0);
  const first = captions.view(0, 60).map((part) => part.text).join("");
  expect([...first].length).toBeLessThanOrEqual(60);
  expect(first.endsWith("。")).toBe(true);
});
