/**
 * A client of TTH: text and controls go in, a person who speaks comes out.
 *
 *     const client = new Client("localhost:50051");
 *     const conversation = client.converse(await client.createSession());
 *     const turnId = conversation.say("Hello! Who are you?");
 *     for await (const event of conversation.eventsOf(turnId)) ...
 *
 * A conversation comes back by itself when its connection breaks, hands on each event once, and leaves out the media of
 * turns that were interrupted. Every failure is a TthError.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { SecureContextOptions } from "node:tls";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client as Service, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../generated/google/rpc/error_details_pb.js";
import type { ControlsSchema } from "../generated/tth/v1/controls_pb.js";
import {
  type ConverseRequest,
  ConverseRequestSchema,
  type ConverseResponse,
  ConverseResponseSchema,
  GoAwayAction,
  type PlaybackPositionSchema,
  type TextMode,
} from "../generated/tth/v1/converse_pb.js";
import { ErrorScope } from "../generated/tth/v1/errors_pb.js";
import { VideoCodec } from "../generated/tth/v1/media_pb.js";
import {
  type CreateSessionRequestSchema,
  type CreateSessionResponse,
  TthService,
} from "../generated/tth/v1/tth_service_pb.js";

const SCHEMA_VERSION = "1.0";
const DEADLINE_MS = 15_000;
/** How long a lost stream is tried to be resumed; a server keeps a session for 300 s. */
const RECONNECT_MS = 60_000;
/** Before the first and, each time twice as long, before later tries to come back. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Messages that the server has not acknowledged; one more is refused. */
const OUTBOX_MESSAGES = 256;
const MEDIA: ReadonlySet<string> = new Set(["text_delta", "audio_chunk", "video_frame", "motion_frame", "word_timing"]);
/** What a call ends with when its connection is gone, and no server has said so. */
const LOST: ReadonlySet<Code> = new Set([Code.Unavailable, Code.Aborted, Code.Internal, Code.Canceled]);

export type ControlsInit = MessageInitShape<typeof ControlsSchema>;
export type PlaybackInit = MessageInitShape<typeof PlaybackPositionSchema>;
type Payload = Exclude<ConverseRequest["payload"], { case: undefined }>;

/** Name of an event's payload, as in the contract: "audio_chunk"; empty when it is newer than this client. */
export function kind(event: ConverseResponse): string {
  return event.payload.case === undefined ? "" : ConverseResponseSchema.field[event.payload.case].name;
}

/** A call or a stream that ended badly. */
export class TthError extends Error {
  override name = "TthError";

  constructor(
    /** Name of the gRPC code: "INVALID_ARGUMENT". */
    readonly code: string,
    /** UPPER_SNAKE, from docs/errors.md; else the name of the code. Compare this, never the message. */
    readonly reason: string,
    text: string,
    /** Each field that was refused, and what is allowed there. */
    readonly fields: ReadonlyMap<string, string> = new Map(),
    readonly retryAfterMs?: number,
    /** The connection is gone, or the server said UNAVAILABLE: what was lost can be taken up again. */
    readonly isLost = false,
  ) {
    super([`${text} (${reason})`, ...[...fields].map(([field, allowed]) => `  ${field}: ${allowed}`)].join("\n"));
  }

  get retryable(): boolean {
    return this.code === "UNAVAILABLE" || this.code === "RESOURCE_EXHAUSTED";
  }

  /** What the server said: ErrorInfo, BadRequest and RetryInfo, packed into the trailers of the status. */
  static of(cause: unknown, target: string): TthError {
    const error = ConnectError.from(cause);
    const info = error.findDetails(ErrorInfoSchema)[0];
    const fields = error.findDetails(BadRequestSchema).flatMap((bad) => bad.fieldViolations);
    const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
    const isLost = info === undefined ? LOST.has(error.code) : error.code === Code.Unavailable;
    const code = info === undefined && isLost ? "UNAVAILABLE" : codeName(error.code);
    const text =
      info === undefined && isLost
        ? `no answer from ${target}; ${question(error.rawMessage)} (${error.rawMessage})`
        : error.rawMessage.replace(`${info?.reason}: `, "");
    return new TthError(
      code,
      info?.reason ?? code,
      text,
      new Map(fields.map((item) => [item.field, item.description])),
      delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6,
      isLost,
    );
  }
}

/** What to look at, by what the transport tells of a connection that did not come about, or is gone. */
function question(told: string): string {
  if (/certificate|altname/i.test(told)) return "is its certificate signed by the CA given here, for this name?";
  if (/wrong version number/.test(told)) return "does it speak TLS?";
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UNREACH|ETIMEDOUT/.test(told)) return "is a server running there?";
  return "it hung up: does it want TLS, or a certificate of yours?";
}

/** What a conversation begins with, and what another program needs to go on with it. The answer of createSession is one. */
export interface Session {
  readonly sessionId: string;
  /** A secret. */
  readonly resumeHandle: string;
  /** Every event up to here was taken; absent or 0: a new session. */
  readonly lastSeq?: bigint;
  /** Number of the last message. */
  readonly clientSeq?: bigint;
  /** Where the player stood, as last reported. */
  readonly playback?: PlaybackInit;
}

export interface ClientOptions {
  /** Over TLS. {} trusts the system's certificates; ca: who else signs servers, PEM; cert, key: what you show, PEM. */
  readonly tls?: Pick<SecureContextOptions, "ca" | "cert" | "key">;
  /** Goes with every call. */
  readonly token?: string;
}

/** One connection to one server; the first call makes it. */
export class Client {
  /** Every other call of the contract, with a deadline of 15 s; its failures are ConnectError: see TthError.of. */
  readonly service: Service<typeof TthService>;
  readonly #connection: Http2SessionManager;

  /** target: "host:port". */
  constructor(
    readonly target: string,
    options: ClientOptions = {},
  ) {
    const baseUrl = `${options.tls ? "https" : "http"}://${target}`;
    const withToken: Interceptor = (next) => (request) => {
      if (options.token) request.header.set("authorization", `Bearer ${options.token}`);
      return next(request);
    };
    // A silent peer is noticed after 40 s at most.
    this.#connection = new Http2SessionManager(baseUrl, { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 }, options.tls);
    const transport = createGrpcTransport({
      baseUrl,
      sessionManager: this.#connection,
      interceptors: [withToken],
      defaultTimeoutMs: DEADLINE_MS,
    });
    this.service = createClient(TthService, transport);
  }

  /** Open a conversation. What is not given is the server's default. */
  async createSession(wanted: MessageInitShape<typeof CreateSessionRequestSchema> = {}): Promise<CreateSessionResponse> {
    const request = { schemaVersion: SCHEMA_VERSION, requestId: randomUUID(), ...wanted };
    try {
      return await this.service.createSession(request);
    } catch (error) {
      throw TthError.of(error, this.target);
    }
  }

  /** Stop what runs, and forget the session; without this a server keeps it for 300 s. */
  async endSession(sessionId: string): Promise<void> {
    try {
      await this.service.endSession({ sessionId });
    } catch (error) {
      throw TthError.of(error, this.target);
    }
  }

  /** The conversation of a session; one with `lastSeq` is resumed. Its stream begins with the first read. */
  converse(session: Session): Conversation {
    return new Conversation(this, session);
  }

  /** End the connection, and with it every call. */
  close(): void {
    this.#connection.abort();
  }
}

export interface SayOptions {
  readonly mode?: TextMode;
  /** BCP 47; absent: the session's. */
  readonly languageCode?: string;
  /** For this turn only. */
  readonly controls?: ControlsInit;
}

interface Turn {
  readonly generation: number;
  /** Of the message that asked for it. */
  readonly clientSeq: bigint;
  isStarted: boolean;
  isInterrupted: boolean;
}

/** The stream of one session, over as many connections as it takes. One loop at a time reads; anybody may send. */
export class Conversation {
  /** Raised by every interrupt; a turn belongs to the one in which it was said. */
  generation = 0;
  /** Events of interrupted turns that were not handed on. */
  staleDropped = 0;
  /** Streams that were opened. */
  connections = 0;
  #stream: AsyncIterator<ConverseResponse> | undefined;
  #cancel = new AbortController();
  #clientSeq: bigint;
  #lastSeq: bigint;
  #handle: string;
  readonly #turns = new Map<string, Turn>();
  /** By the event last handed on. */
  #ended = new Set<string>();
  #waitsForKeyframe = false;
  #playback: PlaybackInit | undefined;
  /** Not acknowledged; those before `#sent` are with the server. */
  #pending: ConverseRequest[] = [];
  #sent = 0;
  /** No further message, and no further stream. */
  #isFinished = false;
  /** The session is over. */
  #isFinal = false;
  #wake = (): void => {};

  constructor(
    private readonly client: Client,
    session: Session,
  ) {
    this.sessionId = session.sessionId;
    this.#handle = session.resumeHandle;
    this.#lastSeq = session.lastSeq ?? 0n;
    this.#clientSeq = session.clientSeq ?? 0n;
    this.#playback = session.playback;
    if (!this.#lastSeq) this.send({ case: "ping", value: { $typeName: "tth.v1.Ping", clientTimeMs: 0n } }); // attaches
  }

  readonly sessionId: string;

  /** Where it stands: what another conversation needs to go on. */
  get session(): Session {
    const stands = { resumeHandle: this.#handle, lastSeq: this.#lastSeq, clientSeq: this.#clientSeq };
    return { sessionId: this.sessionId, ...stands, ...(this.#playback && { playback: this.#playback }) };
  }

  /** To which generation an event belongs; those of no turn to the current one. */
  generationOf(event: ConverseResponse): number {
    return this.#turns.get(event.turnId)?.generation ?? this.generation;
  }

  // ---- what is said; nothing of it waits

  /** Begin a turn: TALK (the default) answers the text, SAY speaks it as it stands. Returns the turn's id. */
  say(text: string, more: SayOptions = {}): string {
    const turnId = `c_${randomUUID().slice(-12)}`;
    const clientSeq = this.#clientSeq + 1n;
    this.#turns.set(turnId, { generation: this.generation, clientSeq, isStarted: false, isInterrupted: false });
    this.send({ case: "userText", value: { ...more, text } }, turnId);
    return turnId;
  }

  /** Stop a turn; nothing more of its media is handed on. playback: where the player stands, so that the conversation
   * remembers what was heard. */
  interrupt(turnId: string, playback?: PlaybackInit): void {
    this.generation += 1;
    const turn = this.#turns.get(turnId);
    if (turn !== undefined) turn.isInterrupted = true;
    this.send({ case: "interrupt", value: playback === undefined ? {} : { playback } }, turnId);
  }

  /** Change controls now, also while the person speaks. The answer is a control_ack event, or an error. */
  update(controls: ControlsInit): void {
    this.send({ case: "controlUpdate", value: { controls } });
  }

  /** Where the player stands; every 250-500 ms while it plays. */
  reportPlayback(position: PlaybackInit): void {
    this.#playback = position;
    this.send({ case: "playbackReport", value: { position } });
  }

  /** Any message of the contract. */
  send(payload: MessageInitShape<typeof ConverseRequestSchema>["payload"], turnId = ""): void {
    if (this.#isFinished || this.#pending.length >= OUTBOX_MESSAGES) {
      const text = this.#isFinished ? "the conversation is over" : "the server takes no messages";
      throw new TthError("FAILED_PRECONDITION", "NOT_SENT", text);
    }
    this.#clientSeq += 1n;
    const envelope = { schemaVersion: SCHEMA_VERSION, sessionId: this.sessionId, timestampMs: BigInt(Date.now()) };
    this.#pending.push(
      create(ConverseRequestSchema, { ...envelope, turnId, clientSeq: this.#clientSeq, payload: payload as Payload }),
    );
    this.#wake();
  }

  // ---- what comes

  /** Everything the server sends, each event once and in its order, without stale media. Throws a TthError when the
   * stream ended badly and could not be resumed. May be left and entered again. */
  async *events(): AsyncGenerator<ConverseResponse, void, undefined> {
    let lostAtMs = 0;
    let tries = 0;
    for (;;) {
      try {
        this.#stream ??= this.#open();
        // Not `for await`, which would end the stream when its reader leaves.
        for (let next = await this.#stream.next(); !next.done; next = await this.#stream.next()) {
          tries = 0;
          if (this.#isNew(next.value) && this.#isWanted(next.value)) yield next.value;
        }
        return;
      } catch (cause) {
        if (this.#isFinished) return;
        const error = TthError.of(cause, this.client.target);
        if (tries === 0) lostAtMs = performance.now();
        const mayReturn = error.isLost && this.#lastSeq > 0n && !this.#isFinal;
        if (!mayReturn || performance.now() - lostAtMs > RECONNECT_MS) throw error;
      }
      this.#stream = undefined;
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + Math.random() / 2);
      await pause(pauseMs, undefined, { signal: this.#cancel.signal }).catch(() => {});
      tries += 1;
    }
  }

  /** The same up to and with the event that ends one turn: its end, the refusal of its text, or the return of a
   * connection with which it was lost. */
  async *eventsOf(turnId: string): AsyncGenerator<ConverseResponse, void, undefined> {
    for await (const event of this.events()) {
      yield event;
      if (this.#ended.has(turnId)) return;
    }
  }

  /** Drop the stream without a goodbye; what another conversation needs to resume the session. */
  breakOff(): Session {
    this.#isFinished = true;
    this.#cancel.abort();
    return this.session;
  }

  /** Say goodbye, and let the server end within `drainMs`. Events that were not read are thrown away. */
  async close(drainMs = 5_000): Promise<void> {
    this.#isFinished = true;
    this.#wake();
    const timer = setTimeout(() => this.#cancel.abort(), drainMs);
    try {
      while (this.#stream !== undefined && !(await this.#stream.next()).done);
    } catch {
      // It has ended.
    } finally {
      clearTimeout(timer);
      this.#cancel.abort();
    }
  }

  // ---- one stream after the other

  #open(): AsyncIterator<ConverseResponse> {
    this.connections += 1;
    this.#sent = 0;
    if (this.#lastSeq) {
      // Those are worth nothing later.
      this.#pending = this.#pending.filter(({ payload }) => payload.case !== "ping" && payload.case !== "playbackReport");
    }
    const messages = this.#messages(this.connections);
    const options = { signal: this.#cancel.signal, timeoutMs: 0 }; // a conversation has no deadline
    return this.client.service.converse(messages, options)[Symbol.asyncIterator]();
  }

  /** What one stream sends. What the server has taken before it drops, by its number. */
  async *#messages(connection: number): AsyncGenerator<MessageInitShape<typeof ConverseRequestSchema>> {
    const { sessionId } = this;
    if (this.#lastSeq) {
      const playback = this.#playback && { playback: this.#playback };
      const value = { resumeHandle: this.#handle, lastSeq: this.#lastSeq, ...playback };
      yield { schemaVersion: SCHEMA_VERSION, sessionId, payload: { case: "resume", value } };
    }
    while (this.connections === connection) {
      const message = this.#pending[this.#sent];
      if (message !== undefined) {
        this.#sent += 1;
        yield message;
      } else if (this.#isFinished) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #isNew(event: ConverseResponse): boolean {
    const taken = this.#pending.filter((message) => message.clientSeq <= event.ackClientSeq).length;
    this.#pending.splice(0, taken);
    this.#sent = Math.max(0, this.#sent - taken);
    if (event.seq <= this.#lastSeq) return false;
    this.#lastSeq = event.seq;
    if (event.payload.case === "sessionState") this.#handle = event.payload.value.resumeHandle;
    if (event.payload.case === "goAway") this.#isFinal ||= event.payload.value.action !== GoAwayAction.RESUME;
    return true;
  }

  #isWanted(event: ConverseResponse): boolean {
    this.#noteEnds(event);
    const isH264 = event.payload.case === "videoFrame" && event.payload.value.codec === VideoCodec.H264;
    if (this.#turns.get(event.turnId)?.isInterrupted && MEDIA.has(kind(event))) {
      this.staleDropped += 1;
      this.#waitsForKeyframe ||= isH264;
      return false;
    }
    if (event.payload.case === "videoFrame" && isH264 && this.#waitsForKeyframe) {
      this.#waitsForKeyframe = !event.payload.value.keyframe; // without what was dropped it cannot be decoded
      return !this.#waitsForKeyframe;
    }
    return true;
  }

  #noteEnds({ turnId, ackClientSeq, payload }: ConverseResponse): void {
    for (const ended of this.#ended) this.#turns.delete(ended);
    this.#ended = new Set();
    const turn = this.#turns.get(turnId);
    if (payload.case === "turnStarted" && turn !== undefined) {
      turn.isStarted = true;
    } else if (payload.case === "turnComplete" || payload.case === "turnStopped") {
      this.#ended.add(turnId);
    } else if (payload.case === "error" && payload.value.scope === ErrorScope.MESSAGE) {
      this.#end((asked) => asked.clientSeq === payload.value.clientSeq && !asked.isStarted);
    } else if (payload.case === "sessionState" && payload.value.resumed) {
      this.#end((asked) => asked.clientSeq <= ackClientSeq); // whatever was begun has ended
    }
  }

  #end(which: (turn: Turn) => boolean): void {
    for (const [turnId, turn] of this.#turns) if (which(turn)) this.#ended.add(turnId);
  }
}

/** "INVALID_ARGUMENT"; the transport spells one of them with a single L. */
export function codeName(code: Code): string {
  const name = Code[code] ?? "Unknown";
  return name === "Canceled" ? "CANCELLED" : name.replace(/(?<=.)[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
