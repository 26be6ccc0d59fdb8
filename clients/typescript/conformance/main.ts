/** The conformance cases: ../../conformance/README.md. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ControlOutcomeSchema, EmotionLabel, IdleMode } from "../generated/tth/v1/controls_pb.js";
import { type ConverseResponse, TextMode } from "../generated/tth/v1/converse_pb.js";
import { type Error as ErrorEvent } from "../generated/tth/v1/errors_pb.js";
import { type AudioChunk, VideoCodec, type VideoFrame } from "../generated/tth/v1/media_pb.js";
import { Client, type ClientOptions, Conversation, type ControlsInit, TthError, codeName, kind } from "../src/tth.js";
import { writeFilm } from "../src/film.js";
import { wav } from "../src/wav.js";

const TURN_TEXT = "One two three four five.";
const LONG_TEXT = "One two three four five six seven eight nine ten. ".repeat(4);
const CHUNKS_BEFORE_STOP = 3;
/** For so long the application does not read, so that events wait in the library. */
const BUSY_MS = 500;
const MEDIA = ["text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing"];
const TERMINAL = ["turn_complete", "turn_stopped"];
const SAY = { mode: TextMode.SAY };
const JPEG = { videoCodec: VideoCodec.JPEG };
const TOO_MUCH: ControlsInit = { emotion: { intensity: 7 } };

type Case = (target: string, output: string) => Promise<object>;

/** A conversation in a session of its own. */
async function talking<T>(
  target: string,
  body: (conversation: Conversation) => Promise<T>,
  controls: ControlsInit = {},
  options: ClientOptions = {},
): Promise<T> {
  const client = new Client(target, options);
  try {
    const conversation = client.converse(await client.createSession({ controls, media: JPEG }));
    const result = await body(conversation);
    await conversation.close();
    return result;
  } finally {
    client.close();
  }
}

async function collected(events: AsyncIterable<ConverseResponse>): Promise<ConverseResponse[]> {
  const found: ConverseResponse[] = [];
  for await (const event of events) found.push(event);
  return found;
}

function described(event: ConverseResponse, generation: number): object {
  return { seq: Number(event.seq), turn_id: event.turnId, generation, kind: kind(event) };
}

async function turn(conversation: Conversation): Promise<object> {
  const turnId = conversation.say(TURN_TEXT, SAY);
  const answer = { events: [] as object[], text: "", audio_samples: 0, frames: 0, terminal: "" };
  for await (const event of conversation.eventsOf(turnId)) {
    answer.events.push(described(event, conversation.generationOf(event)));
    if (event.turnId !== turnId) continue;
    if (event.payload.case === "textDelta") answer.text += event.payload.value.text;
    if (event.payload.case === "audioChunk") answer.audio_samples += event.payload.value.sampleCount;
    if (event.payload.case === "videoFrame") answer.frames += 1;
    answer.terminal = kind(event);
  }
  return answer;
}

const cases: Record<string, Case> = {
  turn: (target) => talking(target, turn),

  controls: (target) =>
    talking(
      target,
      async (conversation) => {
        const controls = { character: { speechRate: 1.2, expressivity: 0.9 } };
        const events = await collected(conversation.eventsOf(conversation.say(TURN_TEXT, { ...SAY, controls })));
        const metrics = events.map(({ payload }) => payload).find((payload) => payload.case === "turnMetrics");
        const results = metrics?.value.controlReport?.results ?? [];
        return {
          control_report: results.map(({ path, outcome, requested, effective, reason, adapter }) => ({
            path,
            outcome: ControlOutcomeSchema.value[outcome]?.name,
            requested,
            effective,
            reason,
            adapter,
          })),
        };
      },
      { emotion: { label: EmotionLabel.HAPPY, intensity: 0.8 } },
    ),

  interrupt: (target) =>
    talking(target, async (conversation) => {
      const turnId = conversation.say(LONG_TEXT, SAY);
      const answer = { events: [] as object[], delivered_after_interrupt: [] as string[], terminal: "" };
      let chunks = 0;
      for await (const event of conversation.eventsOf(turnId)) {
        answer.events.push(described(event, conversation.generationOf(event)));
        if (event.turnId !== turnId) continue;
        answer.terminal = kind(event);
        if (chunks >= CHUNKS_BEFORE_STOP && MEDIA.includes(kind(event))) {
          answer.delivered_after_interrupt.push(kind(event));
        }
        chunks += Number(kind(event) === "audio_chunk");
        if (kind(event) === "audio_chunk" && chunks === CHUNKS_BEFORE_STOP) conversation.interrupt(turnId);
      }
      return { ...answer, stale_dropped: conversation.staleDropped };
    }),

  playback: (target) =>
    talking(target, async (conversation) => {
      const turnId = conversation.say(LONG_TEXT, SAY);
      const words: { text: string; pts_us: number; duration_us: number }[] = [];
      let arrivedUs = 0;
      let reportedUs = 0;
      let heardText = "";
      for await (const { payload } of conversation.eventsOf(turnId)) {
        if (payload.case === "wordTiming") {
          const { word, ptsUs, durationUs } = payload.value;
          words.push({ text: word, pts_us: Number(ptsUs), duration_us: Number(durationUs) });
        }
        if (payload.case === "audioChunk") arrivedUs = Number(payload.value.ptsUs + payload.value.durationUs);
        if (payload.case === "turnStopped") heardText = payload.value.heardText;
        const third = words[2];
        if (third !== undefined && reportedUs === 0 && arrivedUs >= third.pts_us + third.duration_us) {
          reportedUs = third.pts_us + third.duration_us;
          const position = { turnId, audioPtsUs: BigInt(reportedUs) };
          conversation.reportPlayback(position);
          conversation.interrupt(turnId, position);
        }
      }
      return { reported_us: reportedUs, words, heard_text: heardText };
    }),

  resume: async (target) => {
    const first = new Client(target);
    const broken = first.converse(await first.createSession({ media: JPEG }));
    const turnId = broken.say(LONG_TEXT, SAY);
    const seqs: number[] = [];
    let chunks = 0;
    for await (const event of broken.events()) {
      seqs.push(Number(event.seq));
      chunks += Number(kind(event) === "audio_chunk");
      if (chunks === CHUNKS_BEFORE_STOP) break;
    }
    await pause(BUSY_MS);
    const session = broken.breakOff();
    first.close();
    const second = new Client(target);
    const conversation = second.converse(session);
    let terminal = "";
    for await (const event of conversation.events()) {
      seqs.push(Number(event.seq));
      if (event.turnId === turnId && TERMINAL.includes(kind(event))) {
        terminal = kind(event);
        break;
      }
    }
    await conversation.close();
    second.close();
    return { seqs, connections: broken.connections + conversation.connections, terminal };
  },

  lost: (target) =>
    talking(target, async (conversation) => {
      const seqs: number[] = [];
      let chunks = 0;
      let terminal = "";
      for await (const event of conversation.eventsOf(conversation.say(LONG_TEXT, SAY))) {
        seqs.push(Number(event.seq));
        chunks += Number(kind(event) === "audio_chunk");
        if (kind(event) === "audio_chunk" && chunks === CHUNKS_BEFORE_STOP) await pause(BUSY_MS);
        terminal = kind(event);
      }
      return { seqs, connections: conversation.connections, terminal };
    }),

  errors: async (target) => {
    const errors: object[] = [];
    const refused = (error: unknown): void => {
      if (!(error instanceof TthError)) throw error;
      const { code, reason, fields, retryable } = error;
      errors.push({ code, reason, fields: [...fields.keys()], retryable });
    };
    const client = new Client(target);
    await client.createSession({ controls: TOO_MUCH }).catch(refused);
    await collected(client.converse({ sessionId: "s_unknown", resumeHandle: "" }).events()).catch(refused);
    client.close();
    const alive = await talking(target, async (conversation) => {
      conversation.update(TOO_MUCH);
      const events = await collected(conversation.eventsOf(conversation.say(TURN_TEXT, SAY)));
      for (const { payload } of events) if (payload.case === "error") errors.push(ofEvent(payload.value));
      return events.some((event) => kind(event) === "turn_complete");
    });
    return { errors, alive_after: alive };
  },

  secure: async (target, output) => {
    const [ca, otherCa, cert, key, token] = await Promise.all(
      ["ca.pem", "other-ca.pem", "client.pem", "client.key", "token"].map((name) => readFile(join(output, name), "utf8")),
    );
    const [good, trusting] = [{ tls: { ca, cert, key }, token } as ClientOptions, { ca: otherCa, cert, key }];
    const refused: object[] = [];
    for (const bad of [{ tls: trusting, token }, { tls: { ca }, token }, { tls: { ca, cert, key } }] as ClientOptions[]) {
      await talking(target, turn, {}, bad).catch((error: unknown) => {
        if (!(error instanceof TthError)) throw error;
        refused.push({ code: error.code, reason: error.reason, message: error.message });
      });
    }
    return { turn: await talking(target, turn, {}, good), refused };
  },

  save: async (target, output) => {
    const client = new Client(target);
    // No idle pictures: so the first one of the first turn is a key frame.
    const conversation = client.converse(await client.createSession({ controls: { render: { idleMode: IdleMode.NONE } } }));
    const turnId = conversation.say(TURN_TEXT, SAY);
    const [frames, sound] = [[] as VideoFrame[], [] as AudioChunk[]];
    for await (const { payload } of conversation.eventsOf(turnId)) {
      if (payload.case === "audioChunk") sound.push(payload.value);
      if (payload.case === "videoFrame") frames.push(payload.value);
    }
    await conversation.close();
    client.close();
    await writeFilm(join(output, "turn.mp4"), frames, sound);
    await writeFile(join(output, "turn.wav"), wav(sound.map(({ data }) => data), 24_000));
    return { wav: "turn.wav", video: "turn.mp4", frames: frames.length };
  },
};

function ofEvent({ code, reason, fieldViolations, retryable }: ErrorEvent): object {
  return { code: codeName(code), reason, fields: fieldViolations.map(({ field }) => field), retryable };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { target: { type: "string", default: "" }, output: { type: "string", default: "." } },
});
const wanted = cases[positionals[0] ?? ""];
if (wanted === undefined) {
  console.error(`CASE must be one of ${Object.keys(cases).join(", ")}`);
  process.exitCode = 2;
} else {
  try {
    console.log(JSON.stringify(await wanted(values.target, values.output)));
  } catch (error) {
    console.error(error instanceof TthError ? error.message : error);
    process.exitCode = 1;
  }
}
