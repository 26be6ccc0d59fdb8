/** Facts of an H.264 stream in Annex B that a decoder must be told. Pure. */

/** "avc1.PPCCLL" from the SPS in `config` (SPS and PPS with start codes); null where there is none. */
export function codecString(config: Uint8Array): string | null {
  for (let i = 0; i + 6 < config.length; i++) {
    const isStart = config[i] === 0 && config[i + 1] === 0 && config[i + 2] === 1;
    if (!isStart || (config[i + 3]! & 0x1f) !== 7) continue;
    const hex = (value: number) => value.toString(16).toUpperCase().padStart(2, "0");
    return `avc1.${hex(config[i + 4]!)}${hex(config[i + 5]!)}${hex(config[i + 6]!)}`;
  }
  return null;
}
