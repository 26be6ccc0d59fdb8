/**
 * Pictures from the wire to a queue by their time: H.264 through WebCodecs, JPEG through createImageBitmap.
 *
 * H.264 builds on the pictures before, so every one that came is decoded, also of a turn that was stopped; what does
 * not count any more is closed as it comes out. Decoding runs HORIZON ahead of the clock; what waits is bounded.
 */
import { VideoCodec, type VideoFrame as WireFrame } from "../contract/tth/v1/media_pb";
import { FrameQueue, type Timed } from "../core/frame-queue";
import { codecString } from "./h264";

export type Picture = VideoFrame | ImageBitmap;

/** About what a server sends ahead: on a busy machine a decoder is now and then hundreds of milliseconds behind. */
const HORIZON_US = 1_000_000;
const MOST_WAITING = 80;
const MOST_ENCODED = 400;

/** The codec to ask for: what this browser decodes. */
export async function preferredCodec(): Promise<VideoCodec> {
  if (typeof VideoDecoder === "undefined") return VideoCodec.JPEG;
  const answer = await VideoDecoder.isConfigSupported({ codec: "avc1.64001F", optimizeForLatency: true }).catch(() => null);
  return answer?.supported ? VideoCodec.H264 : VideoCodec.JPEG;
}

interface Encoded {
  readonly frame: WireFrame;
  readonly turnId: string;
}

export class Pictures {
  readonly queue = new FrameQueue<Picture>((picture) => picture.close(), MOST_WAITING);
  private encoded: Encoded[] = [];
  private decoder: VideoDecoder | null = null;
  private awaitsKey = true;
  private turnOf = new Map<number, string>();
  private jpegs: Promise<void> = Promise.resolve();
  private epoch = 0;
  /** How often the decoder gave up. */
  failures = 0;

  /** isVoid: pictures of this turn are not shown any more. onFailure: the decoder broke; the next key frame mends it. */
  constructor(private readonly isVoid: (turnId: string) => boolean, private readonly onFailure: () => void) {}

  push(frame: WireFrame, turnId: string, positionUs: number | null): void {
    if (frame.codec === VideoCodec.JPEG) this.pushJpeg(frame, turnId);
    else if (frame.codec === VideoCodec.H264) {
      this.encoded.push({ frame, turnId });
      this.decodeUpTo(positionUs);
    }
  }

  /** Called often. */
  decodeUpTo(positionUs: number | null): void {
    const horizon = positionUs === null ? Infinity : positionUs + HORIZON_US;
    while (this.encoded.length) {
      const { frame, turnId } = this.encoded[0]!;
      const mayWait = Number(frame.ptsUs) > horizon && !this.isVoid(turnId) && this.encoded.length < MOST_ENCODED;
      if (mayWait) return;
      this.encoded.shift();
      this.decode(frame, turnId);
    }
  }

  /** A new session's pictures follow: forget everything. */
  reset(): void {
    this.epoch += 1;
    this.encoded = [];
    this.queue.discard(() => true);
    this.closeDecoder();
  }

  /** Turns were stopped: their pictures are not shown; what other pictures build on is still decoded. */
  discardVoid(): void {
    this.queue.discard((frame) => this.isVoid(frame.turnId));
    this.decodeUpTo(null);
  }

  /** A turn was paused: what came of it so far is void; the next picture of it is a key frame. */
  voidHeld(turnId: string, untilUs: number): void {
    this.encoded = this.encoded.filter((one) => one.turnId !== turnId);
    this.queue.voidHeld(untilUs);
  }

  private decode(frame: WireFrame, turnId: string): void {
    if (this.awaitsKey && !frame.keyframe) return;
    if (frame.codecConfig.length) this.configure(frame.codecConfig);
    const decoder = this.decoder;
    if (decoder === null || decoder.state !== "configured") return;
    this.awaitsKey = false;
    const timestamp = Number(frame.ptsUs);
    this.turnOf.set(timestamp, turnId);
    if (this.turnOf.size > 512) this.turnOf.delete(this.turnOf.keys().next().value!);
    const type = frame.keyframe ? "key" : "delta";
    decoder.decode(new EncodedVideoChunk({ type, timestamp, duration: Number(frame.durationUs), data: frame.data }));
  }

  private configure(config: Uint8Array): void {
    const codec = codecString(config) ?? "avc1.64001F";
    if (this.decoder === null || this.decoder.state === "closed") {
      const decoder: VideoDecoder = new VideoDecoder({
        output: (picture) => this.decoded(picture),
        error: () => this.failed(decoder),
      });
      this.decoder = decoder;
    }
    this.decoder.configure({ codec, optimizeForLatency: true });
  }

  private decoded(picture: VideoFrame): void {
    const ptsUs = picture.timestamp;
    const turnId = this.turnOf.get(ptsUs) ?? "";
    this.turnOf.delete(ptsUs);
    if (this.isVoid(turnId)) picture.close();
    else this.queue.push({ ptsUs, turnId, picture });
  }

  private failed(decoder: VideoDecoder): void {
    if (decoder !== this.decoder) return;
    this.failures += 1;
    this.closeDecoder();
    this.onFailure();
  }

  private closeDecoder(): void {
    if (this.decoder !== null && this.decoder.state !== "closed") this.decoder.close();
    this.decoder = null;
    this.awaitsKey = true;
    this.turnOf.clear();
  }

  private pushJpeg(frame: WireFrame, turnId: string): void {
    const { epoch } = this;
    const bitmap = createImageBitmap(new Blob([frame.data as BlobPart], { type: "image/jpeg" }));
    bitmap.catch(() => undefined); // looked at below, in order
    this.jpegs = this.jpegs.then(async () => {
      const picture = await bitmap.catch(() => null);
      if (picture === null) return;
      const timed: Timed<Picture> = { ptsUs: Number(frame.ptsUs), turnId, picture };
      if (epoch !== this.epoch || this.isVoid(turnId)) picture.close();
      else this.queue.push(timed);
    });
  }
}
