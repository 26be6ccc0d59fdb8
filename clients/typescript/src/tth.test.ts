/** The library against scripts that a real server seldom plays, over a real connection. */

import assert from "node:assert/strict";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { BadRequestSchema, ErrorInfoSchema } from "../generated/google/rpc/error_details_pb.js";
import { type ConverseRequest, ConverseResponseSchema, GoAwayAction } from "../generated/tth/v1/converse_pb.js";
import { ErrorScope } from "../generated/tth/v1/errors_pb.js";
import { VideoCodec } from "../generated/tth/v1/media_pb.js";
import { TthService } from "../generated/tth/v1/tth_service_pb.js";
import { Client, type Conversation, TthError } from "./tth.js";

type Answer = MessageInitShape<typeof ConverseResponseSchema>;
/** One stream, as the server plays it: answers are numbered unless they have a number. */
type Act = (requests: AsyncIterator<ConverseRequest>) => AsyncGenerator<Answer>;

const SESSION = { sessionId: "s_1", resumeHandle: "first" };
const state = (resumed: boolean): Answer => ({ payload: { case: "sessionState", value: { resumeHandle: "second", resumed } } });
const chunk = (turnId: string): Answer => ({ turnId, payload: { case: "audioChunk", value: {} } });
const stopped = (turnId: string): Answer => ({ turnId, payload: { case: "turnStopped", value: {} } });
const frame = (turnId: string, keyframe: boolean): Answer => ({
  turnId,
  payload: { case: "videoFrame", value: { codec: VideoCodec.H264, keyframe } },
});

async function next(requests: AsyncIterator<ConverseRequest>, wanted: string): Promise<ConverseRequest> {
  for (;;) {
    const { value, done } = await requests.next();
    assert.ok(!done, `the client half-closed in place of ${wanted}`);
    if (value.payload.case === wanted) return value;
  }
}

/** Play the acts, one for each stream. */
async function served(acts: Act[], body: (client: Client) => Promise<void>): Promise<void> {
  let seq = 0n;
  const routes = (router: ConnectRouter) =>
    router.service(TthService, {
      async *converse(requests) {
        const act = acts.shift();
        assert.ok(act !== undefined, "one stream too many");
        for await (const answer of act(requests[Symbol.asyncIterator]())) {
          seq = answer.seq ?? seq + 1n;
          yield create(ConverseResponseSchema, { ...(answer as object), seq });
        }
      },
      endSession({ sessionId }) {
        if (sessionId !== "s_1") throw new ConnectError("SESSION_NOT_FOUND: no such session", Code.NotFound);
        return {};
      },
      createSession() {
        const info = { desc: ErrorInfoSchema, value: { reason: "CONTROL_INVALID", domain: "tth" } };
        const field = { field: "controls.emotion.intensity", description: "must be 0..1" };
        const bad = { desc: BadRequestSchema, value: { fieldViolations: [field] } };
        throw new ConnectError("CONTROL_INVALID: bad", Code.InvalidArgument, undefined, [info, bad]);
      },
    });
  const server = createServer(connectNodeAdapter({ routes }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = new Client(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await body(client);
  } finally {
    client.close();
    server.close();
  }
}

async function seqs(conversation: Conversation, onEach: (seq: number) => void = () => {}): Promise<number[]> {
  const found: number[] = [];
  for await (const event of conversation.events()) {
    found.push(Number(event.seq));
    onEach(Number(event.seq));
  }
  return found;
}

test("stale pictures take those that need them away; the end of a turn is never stale", () =>
  served(
    [
      async function* (requests) {
        const { turnId } = await next(requests, "userText");
        yield chunk(turnId);
        await next(requests, "interrupt");
        yield* [frame(turnId, false), stopped(turnId), frame("", false), frame("", true), frame("", false)];
      },
    ],
    async (client) => {
      const conversation = client.converse(SESSION);
      const turnId = conversation.say("Hello.");
      assert.deepEqual(await seqs(conversation, (seq) => seq === 1 && conversation.interrupt(turnId)), [1, 3, 5, 6]);
      assert.deepEqual([conversation.staleDropped, conversation.generation], [1, 1]);
    },
  ));

test("what was not taken is said again, behind resume; what comes again is handed on once", async () => {
  const said: ConverseRequest[] = [];
  await served(
    [
      async function* (requests) {
        said.push(await next(requests, "userText"));
        yield state(false);
        yield { ...chunk("c_0"), ackClientSeq: 1n };
        throw new ConnectError("gone", Code.Unavailable);
      },
      async function* (requests) {
        for (let count = 0; count < 2; count += 1) said.push((await requests.next()).value as ConverseRequest);
        yield { ...chunk("c_0"), seq: 2n };
        yield state(true);
        yield stopped(said[2]?.turnId ?? "");
      },
    ],
    async (client) => {
      const conversation = client.converse(SESSION);
      const turnId = conversation.say("Hello.");
      conversation.reportPlayback({ audioPtsUs: 7n });
      const found: number[] = [];
      for await (const event of conversation.eventsOf(turnId)) found.push(Number(event.seq));
      assert.deepEqual(found, [1, 2, 3, 4]);
      assert.equal(conversation.connections, 2);
    },
  );
  const [first, resume, again] = said;
  assert.ok(resume?.payload.case === "resume");
  const { resumeHandle, lastSeq, playback } = resume.payload.value;
  assert.deepEqual([resume.sessionId, resumeHandle, lastSeq, resume.clientSeq], ["s_1", "second", 2n, 0n]);
  assert.equal(playback?.audioPtsUs, 7n);
  assert.deepEqual(again, first);
});

test("a loop can be left and entered again", () =>
  served(
    [
      async function* () {
        yield* [chunk("c_0"), chunk("c_0"), chunk("c_0")];
      },
    ],
    async (client) => {
      const conversation = client.converse(SESSION);
      for await (const event of conversation.events()) {
        assert.equal(event.seq, 1n);
        break;
      }
      assert.deepEqual(await seqs(conversation), [2, 3]);
    },
  ));

test("a refused text ends its turn", () =>
  served(
    [
      async function* (requests) {
        const { clientSeq } = await next(requests, "userText");
        yield { payload: { case: "error", value: { reason: "TURN_RUNNING", scope: ErrorScope.MESSAGE, clientSeq } } };
        await requests.next();
      },
    ],
    async (client) => {
      const conversation = client.converse(SESSION);
      const found: bigint[] = [];
      for await (const event of conversation.eventsOf(conversation.say("Hello."))) found.push(event.seq);
      assert.deepEqual(found, [1n]);
      await conversation.close(0);
    },
  ));

test("it does not come back when it was sent away", () =>
  served(
    [
      async function* () {
        yield state(false);
        yield { payload: { case: "goAway", value: { action: GoAwayAction.DISCONNECT } } };
        throw new ConnectError("gone", Code.Unavailable);
      },
    ],
    async (client) => {
      const conversation = client.converse(SESSION);
      await assert.rejects(seqs(conversation), TthError);
      assert.equal(conversation.connections, 1);
    },
  ));

test("nothing is said behind the end, nor into a queue that nobody empties", async () => {
  const conversation = new Client("127.0.0.1:1").converse(SESSION);
  for (let count = 0; count < 255; count += 1) conversation.say("Hello."); // beside the first ping
  assert.throws(() => conversation.say("Hello."), /takes no messages/);
  await conversation.close();
  assert.throws(() => conversation.say("Hello."), /is over/);
});

test("errors say what to do", () =>
  served([], async (client) => {
    await client.endSession("s_1");
    await assert.rejects(client.endSession("s_2"), { name: "TthError", code: "NOT_FOUND" });
    await assert.rejects(client.createSession(), (error: TthError) => {
      assert.equal(error.message, "bad (CONTROL_INVALID)\n  controls.emotion.intensity: must be 0..1");
      assert.deepEqual([error.code, error.reason, error.retryable], ["INVALID_ARGUMENT", "CONTROL_INVALID", false]);
      return true;
    });
    await assert.rejects(new Client("127.0.0.1:1").createSession(), /no answer from 127.0.0.1:1; is a server running there/);
  }));
