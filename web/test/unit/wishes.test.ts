import { describe, expect, test } from "vitest";
import { EmotionLabel, Framing } from "../../src/contract/tth/v1/controls_pb";
import { beginnings, offered, type Speaker } from "../../src/core/languages";
import { Wishes } from "../../src/session/wishes";

describe("Wishes", () => {
  const happy = { label: EmotionLabel.HAPPY, intensity: 0.8 };

  test("go up once, together", () => {
    const wishes = new Wishes();
    wishes.feel(happy);
    wishes.behave({ speechRate: 1.2 });
    wishes.behave({ pitchShift: 0.1 });
    expect(wishes.takeUpdate()).toEqual({
      controls: { emotion: happy, character: { speechRate: 1.2, pitchShift: 0.1 } }, clearPaths: [],
    });
    expect(wishes.takeUpdate()).toEqual({ controls: {}, clearPaths: [] });
  });

  test("the newest counts: an emotion taken back, and asked for again", () => {
    const wishes = new Wishes();
    wishes.feel(happy);
    wishes.feelFreely();
    expect(wishes.takeUpdate()).toEqual({
      controls: {}, clearPaths: ["emotion.label", "emotion.intensity", "emotion.valence", "emotion.arousal"],
    });
    wishes.feelFreely();
    wishes.feel(happy);
    expect(wishes.takeUpdate()).toEqual({ controls: { emotion: happy }, clearPaths: [] });
  });

  test("another person has an emotion and a manner of their own, and stands where the one before stood", () => {
    const wishes = new Wishes();
    wishes.stand({ background: "room" });
    wishes.feel(happy);
    wishes.behave({ speechRate: 2 });
    wishes.speakAs("calm");
    const { controls, clearPaths } = wishes.takeUpdate();
    expect(controls).toEqual({ render: { background: "room" }, character: { personaId: "calm" } });
    expect(clearPaths).toContain("emotion.label");
    expect(clearPaths).toContain("character.speech_rate");
    expect(clearPaths).not.toContain("character.persona_id");
  });

  test("a session that is opened anew gets all of them, what can be taken back as an update", () => {
    const wishes = new Wishes();
    expect([wishes.atOpening(), wishes.behindOpening()]).toEqual([{ character: {}, render: {} }, null]);
    wishes.speakAs("calm");
    wishes.stand({ framing: Framing.HEAD });
    wishes.feel(happy);
    wishes.behave({ motionGain: 0.5 });
    expect(wishes.atOpening()).toEqual({ character: { personaId: "calm" }, render: { framing: Framing.HEAD } });
    expect(wishes.behindOpening()).toEqual({ controls: { emotion: happy, character: { motionGain: 0.5 } }, clearPaths: [] });
    expect(wishes.takeUpdate().controls, "nothing is asked for twice").toEqual({});
  });
});

describe("languages", () => {
  const model = (role: string, languageCodes: string[], active = true): Speaker => ({ role, languageCodes, active });
  const codes = (models: Speaker[], isTalk: boolean) => offered(models, isTalk).map(({ code }) => code);
  const VOICE = model("tts", ["cmn", "de", "en", "en-gb", "et", "zh"]);

  test("to talk, one has to understand it and to speak it; to say, to speak it", () => {
    const models = [model("llm", ["en", "de", "it"]), VOICE, model("tts", ["fi"], false)];
    expect(codes(models, true)).toEqual(["en-gb", "en", "de"]); // British English, English, German
    expect(codes(models, false)).toEqual(["en-gb", "zh", "en", "et", "de"]);
  });

  test("who does not say what it knows stands in nobody's way; where nobody says, nothing is offered", () => {
    expect(codes([model("llm", []), VOICE], true)).toContain("et");
    expect(codes([model("llm", ["en"]), model("tts", [])], true)).toEqual(["en"]);
    expect(offered([model("llm", []), model("tts", [])], true)).toEqual([]);
  });

  test("a realtime model is its own voice", () => {
    expect(codes([model("realtime", ["fr"]), VOICE], true)).toEqual(["fr"]);
  });

  test("each name once, and what has none not at all", () => {
    expect(offered([model("tts", ["vi-vn-x-central", "zh", "cmn"])], false)).toEqual([{ code: "zh", name: "Chinese" }]);
  });

  test("beginnings are in the language that is chosen", () => {
    expect(beginnings("")[0]).toBe("Who are you?");
    expect(beginnings("de")[0]).toBe("Wer bist du?");
    expect(beginnings("et")).toEqual([]);
  });
});
