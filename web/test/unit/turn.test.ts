import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ControlOutcome, ControlReportSchema, EmotionLabel } from "../../src/contract/tth/v1/controls_pb";
import { Waterfall } from "../../src/core/waterfall";
import { fromWire, mergedRows, reportRows, toWire } from "../../src/core/words";
import { LABELS } from "../../src/core/mood";
import { codecString } from "../../src/media/h264";

describe("Waterfall", () => {
  test("counts from the sending", () => {
    const turn = new Waterfall("t", 1000);
    turn.note("text", 1038);
    turn.note("sound", 1060);
    turn.note("sound", 1400);
    expect(turn.lanes.text.firstMs).toBe(38);
    expect(turn.lanes.sound).toMatchObject({ firstMs: 60, lastMs: 400 });
    expect(turn.lanes.heard.firstMs).toBeNull();
  });

  test("a stop is measured from the asking to the silence, once", () => {
    const turn = new Waterfall("t", 0);
    expect(turn.stopMs).toBeNull();
    turn.stopAsked(500);
    turn.silent(512);
    turn.silent(900);
    expect(turn.stopMs).toBe(12);
  });

  test("arrivals are thinned out and bounded", () => {
    const turn = new Waterfall("t", 0);
    for (let i = 0; i < 100_000; i++) turn.note("sound", i);
    expect(turn.lanes.sound.arrivalsMs.length).toBeLessThanOrEqual(400);
  });

  test("the axis has round lengths, and reaches to the end", () => {
    const turn = new Waterfall("t", 0);
    expect(turn.axisMs(100)).toBe(500);
    turn.note("heard", 130_000);
    expect(turn.axisMs(130_000)).toBe(150_000);
  });
});

describe("control report", () => {
  const report = create(ControlReportSchema, {
    results: [
      { path: "emotion.label", outcome: ControlOutcome.APPLIED, requested: "HAPPY", effective: "HAPPY" },
      { path: "character.speech_rate", outcome: ControlOutcome.CLAMPED, requested: "4.0", effective: "2.100000001", reason: "x" },
      { path: "made.up", outcome: ControlOutcome.IGNORED, requested: "1", effective: "" },
    ],
  });

  test("in plain words", () => {
    expect(reportRows(report)).toMatchObject([
      { name: "Emotion", asked: "happy", got: "happy", outcome: "applied", tone: "good" },
      { name: "Speed", asked: "4", got: "2.1", outcome: "nearest possible", tone: "part", reason: "x" },
      { name: "made.up", outcome: "not possible here", tone: "off" },
    ]);
  });

  test("every outcome of the contract has a word", () => {
    const outcomes = Object.values(ControlOutcome).filter((one): one is ControlOutcome => typeof one === "number");
    const rows = reportRows(create(ControlReportSchema, { results: outcomes.map((outcome) => ({ path: "p", outcome })) }));
    expect(new Set(rows.map((row) => row.outcome)).size).toBe(outcomes.length);
  });

  test("a newer report keeps what it does not mention", () => {
    const rows = reportRows(report);
    const newer = [{ ...rows[0]!, got: "sad" }];
    expect(mergedRows(rows, newer).map((row) => row.got)).toContain("sad");
    expect(mergedRows(rows, newer)).toHaveLength(3);
  });

  test("labels are those of the wire", () => {
    for (const label of LABELS) {
      expect(EmotionLabel[toWire(label)]).toBe(label.toUpperCase());
      expect(fromWire(toWire(label))).toBe(label);
    }
  });
});

test("a decoder is told profile and level from the SPS", () => {
  const config = Uint8Array.of(0, 0, 0, 1, 0x67, 0x64, 0, 0x1e, 0xac, 0, 0, 0, 1, 0x68, 0xee);
  expect(codecString(config)).toBe("avc1.64001E");
  expect(codecString(Uint8Array.of(1, 2, 3))).toBeNull();
});
