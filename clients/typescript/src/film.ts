/** An MP4 of what came: H.264 and PCM as they are, each at its time. Needs mediabunny, which the library does not. */

import { writeFile } from "node:fs/promises";
import {
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
} from "mediabunny";
import type { AudioChunk, VideoFrame } from "../generated/tth/v1/media_pb.js";

/** A conversation, or its beginning: later turns need the pictures before them. Sound is 16-bit PCM, mono. Throws a
 * RangeError when the first picture is no key frame. */
export async function writeFilm(path: string, frames: readonly VideoFrame[], sound: readonly AudioChunk[]): Promise<void> {
  const [picture, chunk] = [frames[0], sound[0]];
  if (!picture?.keyframe || chunk === undefined) throw new RangeError("a film begins with a key frame, and has sound");
  const target = new BufferTarget();
  const film = new Output({ format: new Mp4OutputFormat({ fastStart: "in-memory" }), target });
  const [video, audio] = [new EncodedVideoPacketSource("avc"), new EncodedAudioPacketSource("pcm-s16")];
  film.addVideoTrack(video);
  film.addAudioTrack(audio);
  await film.start();
  const beginUs = picture.ptsUs < chunk.ptsUs ? picture.ptsUs : chunk.ptsUs;
  const packet = ({ data, ptsUs, durationUs }: VideoFrame | AudioChunk, isKey: boolean): EncodedPacket =>
    new EncodedPacket(data, isKey ? "key" : "delta", Number(ptsUs - beginUs) / 1e6, Number(durationUs) / 1e6);
  const size = { codedWidth: picture.widthPx, codedHeight: picture.heightPx };
  for (const frame of frames) {
    await video.add(packet(frame, frame.keyframe), { decoderConfig: { codec: codecOf(picture.data), ...size } });
  }
  const form = { codec: "pcm-s16", sampleRate: chunk.sampleRateHz, numberOfChannels: 1 };
  for (const piece of sound) await audio.add(packet(piece, true), { decoderConfig: form });
  await film.finalize();
  if (target.buffer !== null) await writeFile(path, new Uint8Array(target.buffer));
}

/** "avc1.42c01f": profile, constraints and level, the first bytes of the sequence parameter set (a NAL unit of type 7). */
function codecOf(keyframe: Uint8Array): string {
  const at = keyframe.findIndex((byte, i) => (byte & 0x1f) === 7 && keyframe[i - 1] === 1 && keyframe[i - 2] === 0);
  return `avc1.${Buffer.from(keyframe.subarray(at + 1, at + 4)).toString("hex")}`;
}
