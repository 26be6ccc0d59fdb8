/** The gateway's HTTP calls: sessions, models. JSON is the contract's canonical one. Every call has a deadline. */
import { create, fromJson, type JsonValue, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import {
  CreateSessionRequestSchema,
  type CreateSessionResponse,
  CreateSessionResponseSchema,
  type ListModelsResponse,
  ListModelsResponseSchema,
} from "../contract/tth/v1/tth_service_pb";

const DEADLINE_MS = 20_000;

/** An answer that is none. `reason` is empty where the gateway itself could not be reached. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, readonly reason: string, message: string) {
    super(message);
  }

  get needsToken(): boolean {
    return this.status === 401;
  }
}

export class Api {
  constructor(private readonly base: string, readonly token: string) {}

  async createSession(request: MessageInitShape<typeof CreateSessionRequestSchema>): Promise<CreateSessionResponse> {
    const message = create(CreateSessionRequestSchema, request);
    const body = await this.call("POST", "/v1/sessions", toJson(CreateSessionRequestSchema, message));
    return fromJson(CreateSessionResponseSchema, body, { ignoreUnknownFields: true });
  }

  async listModels(): Promise<ListModelsResponse> {
    const body = await this.call("GET", "/v1/models", null);
    return fromJson(ListModelsResponseSchema, body, { ignoreUnknownFields: true });
  }

  /** Let go of a session without waiting; also while the page is being left. */
  endSession(sessionId: string): void {
    const url = `${this.base}/v1/sessions/${encodeURIComponent(sessionId)}`;
    void fetch(url, { method: "DELETE", headers: this.headers(), keepalive: true }).catch(() => undefined);
  }

  streamUrl(sessionId: string): string {
    const url = new URL(`${this.base}/v1/sessions/${encodeURIComponent(sessionId)}/stream`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return url.href;
  }

  /** The exported head of a look. */
  lookUrl(look: string): string {
    return `${this.base}/v1/looks/${encodeURIComponent(look)}.glb`;
  }

  headers(): Record<string, string> {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }

  private async call(method: string, path: string, body: JsonValue | null): Promise<JsonValue> {
    let answer: Response;
    try {
      answer = await fetch(this.base + path, {
        method,
        headers: { ...this.headers(), ...(body === null ? {} : { "content-type": "application/json" }) },
        body: body === null ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
    } catch {
      throw new ApiError(0, "UNAVAILABLE", "", "the server does not answer");
    }
    const json = (await answer.json().catch(() => null)) as JsonValue;
    if (answer.ok && json !== null) return json;
    const error = (json ?? {}) as { code?: string; reason?: string; message?: string };
    const text = error.message || `the server answered with ${answer.status}`;
    throw new ApiError(answer.status, error.code ?? "UNKNOWN", error.reason ?? "", text);
  }
}
