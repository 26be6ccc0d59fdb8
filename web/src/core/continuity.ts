/**
 * What makes a lost connection harmless: every message up is numbered and kept until the server has taken it, every
 * event down is taken once, and the newest handle is remembered. Pure; knows the messages, not the socket.
 */
import { create } from "@bufbuild/protobuf";
import {
  type ConverseRequest,
  ConverseRequestSchema,
  type ConverseResponse,
  type PlaybackPosition,
} from "../contract/tth/v1/converse_pb";

const MOST_UNACKNOWLEDGED = 256;
/** What is worth nothing later. */
const OF_THE_MOMENT = new Set<ConverseRequest["payload"]["case"]>(["ping", "playbackReport"]);

export type Payload = Exclude<ConverseRequest["payload"], { case: undefined }>;

export class Continuity {
  private clientSeq = 0;
  private unacknowledged: ConverseRequest[] = [];
  private handle: string;
  lastSeq = 0;

  constructor(readonly sessionId: string, handle: string) {
    this.handle = handle;
  }

  /** A message with its number; kept until it was taken. Throws when far too many wait. */
  request(payload: Payload, turnId = ""): ConverseRequest {
    if (this.unacknowledged.length >= MOST_UNACKNOWLEDGED) throw new Error("too many messages wait for the connection");
    this.clientSeq += 1;
    const message = this.message(payload, turnId, this.clientSeq);
    if (!OF_THE_MOMENT.has(payload.case)) this.unacknowledged.push(message);
    return message;
  }

  /** Note an event. Returns false for one that was taken before. */
  take(event: ConverseResponse): boolean {
    const seq = Number(event.seq);
    if (seq !== 0 && seq <= this.lastSeq) return false;
    this.lastSeq = Math.max(this.lastSeq, seq);
    const taken = Number(event.ackClientSeq);
    this.unacknowledged = this.unacknowledged.filter((message) => Number(message.clientSeq) > taken);
    if (event.payload.case === "sessionState") this.handle = event.payload.value.resumeHandle || this.handle;
    return true;
  }

  /** The first message of a stream that goes on where another was lost. It has no number. */
  resume(playback: PlaybackPosition | null): ConverseRequest {
    const value = { resumeHandle: this.handle, lastSeq: BigInt(this.lastSeq), ...(playback ? { playback } : {}) };
    return this.message({ case: "resume", value: value as never }, "", 0);
  }

  /** What is sent again once the stream has been resumed: the server drops what it had taken. */
  pending(): readonly ConverseRequest[] {
    return this.unacknowledged;
  }

  private message(payload: Payload, turnId: string, clientSeq: number): ConverseRequest {
    return create(ConverseRequestSchema, {
      schemaVersion: "1.0",
      sessionId: this.sessionId,
      turnId,
      timestampMs: BigInt(Date.now()),
      clientSeq: BigInt(clientSeq),
      payload: payload as never,
    });
  }
}
