/**
 * One conversation's connection: a WebSocket with a protobuf message a frame, and another one when it is lost.
 * What is to be sent and resumed `Continuity` decides; when to come back, `reconnect`.
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type ConverseRequest,
  ConverseRequestSchema,
  type ConverseResponse,
  ConverseResponseSchema,
  GoAwayAction,
  type PlaybackPosition,
} from "../contract/tth/v1/converse_pb";
import { Continuity, type Payload } from "../core/continuity";
import { pauseMs, type Verdict, verdictOn } from "../core/reconnect";

export type LineState = "connecting" | "open" | "lost" | "ended";

export interface LineEvents {
  /** An event, once and in order; bytes: its size on the wire. */
  event(event: ConverseResponse, bytes: number): void;
  /** tries: how often it was tried to come back, from 1, while lost. why: what the server said, when ended. */
  state(state: LineState, tries: number, verdict: Verdict | null, why: string): void;
  /** Where the player stands, asked at each resume. */
  playback(): PlaybackPosition | null;
}

/** A connection that says nothing for so long is dead: the server sends a sign of life every 15 s. */
const SILENCE_MS = 40_000;
const GIVE_UP_MS = 120_000;

export class Line {
  readonly continuity: Continuity;
  private socket: WebSocket | null = null;
  private state: LineState = "connecting";
  private wasOpen = false;
  private isReady = false;
  private isFinal = false;
  private tries = 0;
  private lostAt = 0;
  private timer = 0;
  private silence = 0;

  constructor(
    private readonly url: string,
    sessionId: string,
    handle: string,
    private readonly token: string,
    private readonly events: LineEvents,
  ) {
    this.continuity = new Continuity(sessionId, handle);
  }

  open(): void {
    const socket = new WebSocket(this.url, "tth.v1.proto");
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.isReady = false;
    socket.onopen = () => this.opened(socket);
    socket.onmessage = (message) => this.received(socket, message.data as ArrayBuffer | string);
    socket.onclose = (close) => this.closed(socket, close.code, close.reason);
    this.watch(socket);
  }

  /** Send now, or when the connection is back; returns its number. Messages of the moment are left out (0) while there
   * is none. */
  send(payload: Payload, turnId = ""): number {
    if (this.state === "ended") return 0;
    if (!this.isReady && (payload.case === "ping" || payload.case === "playbackReport")) return 0;
    const message = this.continuity.request(payload, turnId);
    if (this.isReady) this.write(message);
    return Number(message.clientSeq);
  }

  /** Come back at once instead of waiting: the network is there again, or somebody looks at the page. */
  hurry(): void {
    if (this.state !== "lost" || this.socket !== null) return;
    clearTimeout(this.timer);
    this.open();
  }

  /** End for good. */
  close(): void {
    this.isFinal = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.tell("ended", "over", "");
  }

  private opened(socket: WebSocket): void {
    if (socket !== this.socket) return;
    if (this.token) socket.send(JSON.stringify({ authorization: `Bearer ${this.token}` }));
    if (this.wasOpen) {
      this.write(this.continuity.resume(this.events.playback()));
      return; // the rest goes when the server has said what it had taken
    }
    this.isReady = true;
    this.send({ case: "ping", value: { clientTimeMs: BigInt(Date.now()) } as never });
    for (const message of this.continuity.pending()) this.write(message);
  }

  private received(socket: WebSocket, data: ArrayBuffer | string): void {
    if (socket !== this.socket || typeof data === "string") return;
    this.watch(socket);
    const event = fromBinary(ConverseResponseSchema, new Uint8Array(data));
    if (!this.continuity.take(event)) return;
    const { payload } = event;
    if (payload.case === "sessionState") this.live();
    if (payload.case === "goAway") this.isFinal ||= payload.value.action !== GoAwayAction.RESUME;
    this.events.event(event, data.byteLength);
  }

  private live(): void {
    this.wasOpen = true;
    this.tries = 0;
    if (!this.isReady) {
      this.isReady = true;
      for (const message of this.continuity.pending()) this.write(message);
    }
    if (this.state !== "open") this.tell("open", null, "");
  }

  private closed(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.isReady = false;
    clearTimeout(this.silence);
    const now = performance.now();
    if (this.state !== "lost") this.lostAt = now;
    const verdict = verdictOn(code, this.isFinal);
    if (verdict !== "retry" || now - this.lostAt > GIVE_UP_MS) {
      this.tell("ended", verdict === "retry" ? "over" : verdict, reason);
      return;
    }
    const pause = pauseMs(this.tries, Math.random());
    this.tries += 1;
    this.tell("lost", null, reason);
    this.timer = window.setTimeout(() => this.open(), pause);
  }

  private watch(socket: WebSocket): void {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => {
      socket.close();
      this.closed(socket, 1006, "");
    }, SILENCE_MS);
  }

  private write(message: ConverseRequest): void {
    this.socket?.send(toBinary(ConverseRequestSchema, message));
  }

  private tell(state: LineState, verdict: Verdict | null, why: string): void {
    if (this.state === "ended") return;
    this.state = state;
    this.events.state(state, this.tries, verdict, why);
  }
}
