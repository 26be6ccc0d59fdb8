"""What happens to a voice on its way: rooms, microphones, noise, codecs. And sounds that are no speech.

All sound is float32, shape (n,), 24 kHz. Nothing here moves a sound in time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tth.model.media import SAMPLE_RATE_HZ

Sound = NDArray[np.float32]
Rng = np.random.Generator

_EQ_HZ = np.array([30.0, 120, 300, 700, 1500, 3000, 5000, 8000, 12000])


def gain(db: float) -> float:
    return float(10 ** (db / 20))


def noise(count: int, rng: Rng, slope: float | None = None) -> Sound:
    """Noise of power ~ f^-slope (0 white, 1 pink, 2 brown; None = any), rms 1."""
    slope = float(rng.uniform(0, 2)) if slope is None else slope
    spectrum = np.fft.rfft(rng.standard_normal(count).astype(np.float32))
    hz = np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ), 30)
    return _unit(np.fft.irfft(spectrum * hz ** (-slope / 2), count))


def music(count: int, rng: Rng) -> Sound:
    """Chords and drums at random, rms 1."""
    out = np.zeros(count)
    beat, root_hz = int(SAMPLE_RATE_HZ * rng.uniform(0.25, 0.8)), rng.uniform(80, 220)
    for start in range(0, count, beat):
        size = min(beat, count - start)
        t = np.arange(size) / SAMPLE_RATE_HZ
        fade = np.minimum(1, t / 0.02) * np.exp(-t * rng.uniform(0.5, 4))
        for step in rng.choice([0, 2, 4, 5, 7, 9, 11, 12, 16], 3):
            overtones = np.arange(1, 8)
            strength = overtones ** -rng.uniform(0.8, 2.0)
            phases = 2 * np.pi * root_hz * 2 ** (step / 12) * overtones[:, None] * t + rng.uniform(0, 6, (7, 1))
            out[start : start + size] += (np.sin(phases) * strength[:, None]).sum(axis=0) * fade
        if rng.random() < 0.6:
            out[start : start + size] += 1.5 * rng.standard_normal(size) * np.exp(-t / 0.02)
    return _unit(out)


def equalised(sound: Sound, rng: Rng, depth_db: float = 8.0) -> Sound:
    """Another microphone: gains at random over the bands, and a tilt."""
    gains_db = rng.uniform(-depth_db, depth_db, len(_EQ_HZ)) + rng.uniform(-3, 3) * np.log2(_EQ_HZ / 1000)
    return _filtered(sound, lambda hz: 10 ** (np.interp(np.log(hz), np.log(_EQ_HZ), gains_db) / 20))


def band_limited(sound: Sound, low_hz: float, high_hz: float) -> Sound:
    """What a line of this bandwidth leaves."""
    return _filtered(sound, lambda hz: 1 / (1 + (hz / high_hz) ** 24) * (1 - 1 / (1 + (hz / max(low_hz, 1)) ** 8)))


def mu_law(sound: Sound, bits: int = 8) -> Sound:
    """Companded to this many bits and back (ITU-T G.711 has 8)."""
    steps = 2**bits - 1
    small = np.sign(sound) * np.log1p(steps * np.abs(np.clip(sound, -1, 1))) / np.log1p(steps)
    small = np.round(small * steps / 2) / (steps / 2)
    return np.asarray(np.sign(small) * (np.exp(np.abs(small) * np.log1p(steps)) - 1) / steps, np.float32)


def telephone(sound: Sound) -> Sound:
    """300 to 3400 Hz, mu-law."""
    return mu_law(band_limited(sound, 300, 3400))


def in_a_room(sound: Sound, rng: Rng, rt60_s: float | None = None, wet: float | None = None) -> Sound:
    """Direct sound and a decaying tail of noise."""
    rt60_s = float(rng.uniform(0.12, 0.7)) if rt60_s is None else rt60_s
    count = int(SAMPLE_RATE_HZ * rt60_s)
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail[: SAMPLE_RATE_HZ // 500] = 0
    tail *= (float(rng.uniform(0.1, 0.7)) if wet is None else wet) / np.sqrt((tail**2).sum())
    tail[0] = 1
    size = 1 << (len(sound) + count).bit_length()
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: len(sound)].astype(np.float32)


def with_noise(sound: Sound, other: Sound, snr_db: float) -> Sound:
    """Sound and noise, the ratio counted where there is sound."""
    heard = sound[np.abs(sound) > 1e-3]
    rms = float(np.sqrt(np.mean(heard**2))) if len(heard) else 0.05
    return (sound + _unit(other[: len(sound)]) * np.float32(rms / gain(snr_db))).astype(np.float32)


def recoloured(sound: Sound, rng: Rng, borders: NDArray[np.int64]) -> Sound:
    """Every phoneme with an equaliser and level of its own, and part of its tone turned into noise.

    So that the network cannot lean on one synthesiser's exact spectra: real voices vary from sound to sound.
    borders: samples at which phonemes begin, rising.
    """
    size, hop = 768, 192
    padded = np.pad(sound, (size, size))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    spectra = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window).astype(np.complex64)
    hz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE_HZ)
    middles = np.arange(len(spectra)) * hop - size / 2
    depth_db, level_db = rng.uniform(1, 4), rng.uniform(0.5, 3)
    curves = np.stack(
        [
            np.interp(np.log(np.maximum(hz, 20)), np.log(_EQ_HZ), rng.normal(0, depth_db, len(_EQ_HZ)))
            + rng.normal(0, level_db)
            for _ in range(len(borders) + 1)
        ]
    ).astype(np.float32)
    curve = curves[np.searchsorted(borders, middles)]
    curve[1:-1] = (curve[:-2] + curve[1:-1] + curve[2:]) / 3
    spectra *= 10 ** (curve / 20)
    if rng.random() < 0.45:
        cut_hz, most = rng.uniform(500, 5000), rng.uniform(0.4, 1.0)
        share = (most / (1 + np.exp(-(hz - cut_hz) / 200))).astype(np.float32)
        turned = np.abs(spectra) * np.exp(2j * np.pi * rng.random(spectra.shape, np.float32)).astype(np.complex64)
        spectra = spectra * (1 - share) + turned * share
    frames = np.fft.irfft(spectra, size).astype(np.float32) * window
    out = np.zeros(len(padded) + size, np.float32)
    for quarter in range(4):  # frames of one quarter do not overlap
        piece = frames[quarter::4].reshape(-1)
        out[quarter * hop : quarter * hop + len(piece)] += piece
    return out[size : size + len(sound)] / np.float32(1.5)


def altered(sound: Sound, rng: Rng, babble: Sound, borders: NDArray[np.int64]) -> Sound:
    """One way at random from the voice's mouth to our ear; ends at any level from -35 dBFS to full scale."""
    if rng.random() < 0.8:
        sound = recoloured(sound, rng, borders)
    if rng.random() < 0.75:
        sound = equalised(sound, rng)
    if rng.random() < 0.3:
        sound = in_a_room(sound, rng)
    if rng.random() < 0.6:
        kind = rng.random()
        other = noise(len(sound), rng) if kind < 0.55 else babble if kind < 0.8 else music(len(sound), rng)
        sound = with_noise(sound, other, float(rng.uniform(4, 35) if kind < 0.55 else rng.uniform(10, 30)))
    line = rng.random()
    if line < 0.15:
        sound = telephone(_unit(sound) * np.float32(0.1))
    elif line < 0.35:
        sound = band_limited(sound, 20, float(rng.uniform(3400, 7500)))
        if rng.random() < 0.5:
            sound = mu_law(_unit(sound) * np.float32(0.1), int(rng.integers(7, 11)))
    sound = sound * np.float32(gain(rng.uniform(-35, 0)) / (np.abs(sound).max() + 1e-6))
    if rng.random() < 0.1:
        at = int(rng.integers(len(sound) // 4, 3 * len(sound) // 4))
        sound[at:] *= np.float32(gain(rng.uniform(-10, 10)))
    return np.clip(sound, -1, 1) if rng.random() < 0.5 else sound + np.float32(1e-5) * noise(len(sound), rng, 0)


def _filtered(sound: Sound, response: object) -> Sound:
    hz = np.maximum(np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ), 20)
    return np.fft.irfft(np.fft.rfft(sound) * response(hz), len(sound)).astype(np.float32)  # type: ignore[operator]


def _unit(sound: NDArray[np.floating]) -> Sound:
    return np.asarray(sound / (np.sqrt(np.mean(sound**2)) + 1e-9), np.float32)
