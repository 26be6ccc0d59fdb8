/**
 * A conversation: two turns, saved as WAV and MP4; the second one is interrupted.
 *
 *     npm run example -- --target 127.0.0.1:50051 --output out
 */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EmotionLabel } from "../generated/tth/v1/controls_pb.js";
import { TextMode } from "../generated/tth/v1/converse_pb.js";
import type { AudioChunk, VideoFrame } from "../generated/tth/v1/media_pb.js";
import { writeFilm } from "./film.js";
import { Client, type Conversation, TthError } from "./tth.js";
import { wav } from "./wav.js";

const SAMPLE_RATE_HZ = 24_000;
const REPORT_EVERY_MS = 300;
const STOP_AFTER_US = 1_500_000n;

/** Where a player would be, on the media clock: it starts with the first sound, and cannot play what has not come. */
class Player {
  beginUs: bigint | undefined;
  #endUs = 0n;
  #beganMs = 0;

  take(ptsUs: bigint, durationUs: bigint): void {
    if (this.beginUs === undefined) [this.beginUs, this.#beganMs] = [ptsUs, performance.now()];
    this.#endUs = ptsUs + durationUs;
  }

  positionUs(): bigint {
    const passedUs = (this.beginUs ?? 0n) + BigInt(Math.round(1000 * (performance.now() - this.#beganMs)));
    return passedUs < this.#endUs ? passedUs : this.#endUs;
  }
}

/** What is shown and heard in the conversation. */
interface Film {
  readonly frames: VideoFrame[];
  readonly sound: AudioChunk[];
}

/** Follow one turn to its end: save its media, report playback, interrupt it when told to. */
async function play(
  conversation: Conversation,
  turnId: string,
  film: Film,
  file: string,
  stopAfterUs?: bigint,
): Promise<void> {
  const player = new Player();
  const sound: Uint8Array[] = [];
  let reportedMs = 0;
  for await (const event of conversation.eventsOf(turnId)) {
    const { payload } = event;
    if (payload.case === "sessionState" && payload.value.resumed) console.log("\n(the connection was lost and is back)");
    if (payload.case === "videoFrame") film.frames.push(payload.value);
    if (event.turnId !== turnId) continue; // idle pictures, say
    switch (payload.case) {
      case "textDelta":
        process.stdout.write(payload.value.text);
        break;
      case "audioChunk":
        player.take(payload.value.ptsUs, payload.value.durationUs);
        sound.push(payload.value.data);
        film.sound.push(payload.value);
        break;
      case "error":
        console.error(`\n${payload.value.message} (${payload.value.reason})`);
        break;
      case "turnMetrics":
        for (const { path, requested, effective, reason } of payload.value.controlReport?.results ?? []) {
          process.stdout.write(`\n  ${path}: ${requested} -> ${effective} ${reason}`);
        }
        break;
      case "turnStopped":
        process.stdout.write(`\n  heard: "${payload.value.heardText}"`);
        break;
    }
    if (player.beginUs === undefined) continue;
    const position = { turnId, audioPtsUs: player.positionUs(), lastSeq: event.seq };
    if (stopAfterUs !== undefined && position.audioPtsUs - player.beginUs >= stopAfterUs) {
      conversation.interrupt(turnId, position);
      stopAfterUs = undefined;
    } else if (performance.now() - reportedMs > REPORT_EVERY_MS) {
      conversation.reportPlayback(position);
      reportedMs = performance.now();
    }
  }
  await writeFile(file, wav(sound, SAMPLE_RATE_HZ));
  console.log(`\n  ${file}\n`);
}

async function talk(client: Client, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const film: Film = { frames: [], sound: [] };
  const session = await client.createSession({
    controls: { emotion: { label: EmotionLabel.HAPPY, intensity: 0.8 } },
  });
  const conversation = client.converse(session);
  const lively = { character: { speechRate: 1.2, expressivity: 0.9 } };
  await play(conversation, conversation.say("Who are you?", { controls: lively }), film, join(folder, "answer.wav"));
  conversation.update({ emotion: { label: EmotionLabel.SURPRISED } });
  const text = "I could go on like this for a very long time, if nobody stopped me in the middle of it all.";
  const turnId = conversation.say(text, { mode: TextMode.SAY });
  await play(conversation, turnId, film, join(folder, "interrupted.wav"), STOP_AFTER_US);
  console.log(`${conversation.staleDropped} stale events were dropped`);
  await conversation.close();
  await client.endSession(session.sessionId);
  await writeFilm(join(folder, "film.mp4"), film.frames, film.sound);
  console.log(`${join(folder, "film.mp4")}: ${film.frames.length} pictures`);
}

const { values } = parseArgs({
  options: { target: { type: "string", default: "127.0.0.1:50051" }, output: { type: "string", default: "out" } },
});
const client = new Client(values.target);
try {
  await talk(client, values.output);
} catch (error) {
  console.error(error instanceof TthError ? error.message : error);
  process.exitCode = 1;
} finally {
  client.close();
}
