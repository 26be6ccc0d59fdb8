/** A WAV file of 16-bit PCM, mono. */
export function wav(chunks: readonly Uint8Array[], sampleRateHz: number): Buffer {
  const sizeBytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(36 + sizeBytes, 4);
  head.write("WAVEfmt ", 8, "latin1");
  head.writeUInt32LE(16, 16); // size of what follows up to "data"
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // channels
  head.writeUInt32LE(sampleRateHz, 24);
  head.writeUInt32LE(2 * sampleRateHz, 28); // bytes a second
  head.writeUInt16LE(2, 32); // bytes a sample
  head.writeUInt16LE(16, 34); // bits a sample
  head.write("data", 36, "latin1");
  head.writeUInt32LE(sizeBytes, 40);
  return Buffer.concat([head, ...chunks]);
}
