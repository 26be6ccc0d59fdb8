import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ConverseResponseSchema } from "../../src/contract/tth/v1/converse_pb";
import { Continuity, type Payload } from "../../src/core/continuity";
import { pauseMs, verdictOn } from "../../src/core/reconnect";

const say: Payload = { case: "userText", value: { text: "Hi" } as never };
const ping: Payload = { case: "ping", value: {} as never };
const event = (seq: number, ack = 0) => create(ConverseResponseSchema, { seq: BigInt(seq), ackClientSeq: BigInt(ack) });

describe("Continuity", () => {
  test("messages are numbered from 1 and kept until they were taken", () => {
    const line = new Continuity("s", "h");
    expect(line.request(say).clientSeq).toBe(1n);
    line.request(say, "t2");
    expect(line.pending().map((one) => one.clientSeq)).toEqual([1n, 2n]);
    line.take(event(1, 1));
    expect(line.pending().map((one) => one.turnId)).toEqual(["t2"]);
  });

  test("what is of the moment is numbered, but not sent again", () => {
    const line = new Continuity("s", "h");
    expect(line.request(ping).clientSeq).toBe(1n);
    expect(line.pending()).toEqual([]);
  });

  test("each event is taken once", () => {
    const line = new Continuity("s", "h");
    expect(line.take(event(5))).toBe(true);
    expect(line.take(event(4))).toBe(false);
    expect(line.take(event(5))).toBe(false);
    expect(line.take(event(6))).toBe(true);
  });

  test("resumes with the newest handle and the last seq, without a number of its own", () => {
    const line = new Continuity("s", "first");
    line.request(say);
    line.take(create(ConverseResponseSchema, {
      seq: 9n,
      payload: { case: "sessionState", value: { resumeHandle: "second" } },
    }));
    const message = line.resume(null);
    expect(message.clientSeq).toBe(0n);
    expect(message.sessionId).toBe("s");
    expect(message.payload.value).toMatchObject({ resumeHandle: "second", lastSeq: 9n });
  });

  test("is bounded", () => {
    const line = new Continuity("s", "h");
    expect(() => {
      for (let i = 0; i < 300; i++) line.request(say);
    }).toThrow();
  });
});

describe("a closed connection", () => {
  test.each([
    [1000, false, "over"], [4014, false, "retry"], [1006, false, "retry"], [1001, false, "retry"], [1006, true, "over"],
    [4010, false, "taken"], [4016, false, "unauthenticated"], [4005, false, "refused"], [1007, false, "refused"],
  ])("code %i, goodbye %s: %s", (code, hasEnded, verdict) => {
    expect(verdictOn(code, hasEnded)).toBe(verdict);
  });

  test("pauses grow, are bounded, and differ", () => {
    expect(pauseMs(0, 1)).toBe(250);
    expect(pauseMs(3, 1)).toBeCloseTo(1024, 6);
    expect(pauseMs(30, 1)).toBe(8000);
    expect(pauseMs(0, 0)).toBe(125);
  });
});
