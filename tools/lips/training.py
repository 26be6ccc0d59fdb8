"""Trains the network: back-propagation through time and Adam, by numpy alone, some minutes on one core.

Loss: squared error of the shapes and of their speed (each against its own variance), cross-entropy of visemes and
contacts. Dropout (Srivastava et al. 2014) and noise on what is heard keep it from leaning on details.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.lips.corpus import CLIP_STEPS, Lessons
from tth.face.audio_lips.features import (
    ACTIVE,
    BANDS,
    F32,
    LEVEL_FALL,
    LEVEL_MIN,
    LEVEL_RISE,
    LEVEL_START,
    MEAN_RATE,
    RANGE,
)
from tth.face.audio_lips.network import FRAMES_HEARD, FRAMES_PER_STEP, LEVEL, OUTPUTS, VISEMES_END, sigmoid

Parameters = dict[str, F32]
Say = Callable[[str], None]

# How much each of jawOpen, mouthClose, mouthPucker, mouthFunnel, mouthStretch, mouthUpperUp, mouthLowerDown, mouthPress
# and the level counts: what is seen first comes first.
_SHAPE_WEIGHTS = np.array([3.0, 1.5, 2.0, 1.5, 1.0, 0.8, 1.0, 0.5, 1.0], np.float32)
_SPEED_SHARE, _VISEME_SHARE, _CONTACT_SHARE = 1.0, 0.35, 0.8
# Contacts are rare: each of their steps counts this much more.
_CONTACT_GAIN = np.array([2.0, 3.0, 1.5], np.float32)
_GRADIENT_MOST, _DECAY = 1.0, 1e-5


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn."""

    epochs: int = 10
    batch: int = 96
    rate: float = 3e-3
    front: int = 64
    hidden: int = 96
    dropout: float = 0.1
    noise: float = 0.3
    seed: int = 1


def levelled(heard: NDArray[np.float16], mean: F32) -> F32:
    """`Leveller` for many clips at once: log-mel, (clips, frames, BANDS) -> float16, to save memory, the same shape."""
    out = np.empty(heard.shape, np.float16)
    for begin in range(0, len(heard), 512):
        some = heard[begin : begin + 512].astype(np.float32)
        level = np.full((len(some), 1), LEVEL_START, np.float32)
        means = np.tile(mean, (len(some), 1)).astype(np.float32)
        powers = np.log(np.exp(some).mean(axis=2, keepdims=True))
        for place in range(some.shape[1]):
            now = powers[:, place]
            level = np.maximum(level + LEVEL_RISE * (now - level), np.maximum(level - LEVEL_FALL, LEVEL_MIN))
            against = np.maximum(some[:, place] - level, -RANGE)
            means = means + MEAN_RATE * (now > level - ACTIVE) * (against - means)
            out[begin : begin + 512, place] = against - means
    return out  # type: ignore[return-value]


def average(heard: NDArray[np.float16]) -> F32:
    """What the levelled frames of speech are like on average: where the running mean starts."""
    some = heard[:: max(1, len(heard) // 400), :100]
    # The running mean starts at 0 and is taken off; within this one second it stays near 0.
    out = levelled(some, np.zeros(BANDS, np.float32)).astype(np.float32)
    return np.asarray(out[out.mean(axis=2) > -5].mean(axis=0), np.float32)


def steps_of(frames: F32) -> F32:
    """(clips, CLIP_FRAMES, BANDS) -> what each step hears, time first: (CLIP_STEPS, clips, FRAMES_HEARD * BANDS)."""
    windows = np.lib.stride_tricks.sliding_window_view(frames, FRAMES_HEARD, axis=1)[:, ::FRAMES_PER_STEP]
    return np.ascontiguousarray(windows.transpose(1, 0, 3, 2).reshape(CLIP_STEPS, len(frames), -1))


def fresh(plan: Plan, mean: F32, wanted_mean: F32) -> Parameters:
    """Weights before the first lesson: Glorot & Bengio 2010, orthogonal where the network hears itself."""
    rng = np.random.default_rng(plan.seed)

    def spread(rows: int, columns: int) -> F32:
        most = np.sqrt(6 / (rows + columns))
        return rng.uniform(-most, most, (rows, columns)).astype(np.float32)

    back = [np.linalg.qr(rng.standard_normal((plan.hidden, plan.hidden)))[0] for _ in range(3)]
    return {
        "mean": mean,
        "front": spread(FRAMES_HEARD * BANDS, plan.front),
        "front_bias": np.zeros(plan.front, np.float32),
        "gates_in": np.concatenate([spread(plan.front, plan.hidden) for _ in range(3)], axis=1),
        "gates_in_bias": np.zeros(3 * plan.hidden, np.float32),
        "gates_back": np.concatenate(back, axis=1).astype(np.float32),
        "gates_back_bias": np.zeros(3 * plan.hidden, np.float32),
        # Small at first: the average mouth is what an ignorant network should show.
        "out": np.float32(0.1) * spread(plan.hidden, OUTPUTS),
        "out_bias": np.concatenate([wanted_mean[: LEVEL + 1], np.zeros(OUTPUTS - LEVEL - 1, np.float32)]),
    }


class Memory:
    """Everything of one batch's way forward that the way back needs; all time first."""

    def __init__(self, weights: Parameters, heard: F32, rng: np.random.Generator | None, dropout: float) -> None:
        """heard: (steps, clips, inputs). rng: None = no dropout."""
        steps, clips, _ = heard.shape
        size = len(weights["gates_back"])
        self.heard = heard
        front = np.maximum(heard @ weights["front"] + weights["front_bias"], 0)
        self.keep_front = _kept(front.shape, rng, dropout)
        self.front = front * self.keep_front
        coming = self.front @ weights["gates_in"] + weights["gates_in_bias"]
        self.hidden = np.zeros((steps + 1, clips, size), np.float32)
        self.gates = np.empty((steps, clips, 2 * size), np.float32)
        self.new = np.empty((steps, clips, size), np.float32)
        self.back_new = np.empty((steps, clips, size), np.float32)
        for step in range(steps):
            back = self.hidden[step] @ weights["gates_back"] + weights["gates_back_bias"]
            gates = sigmoid(coming[step, :, : 2 * size] + back[:, : 2 * size])
            self.back_new[step] = back[:, 2 * size :]
            self.new[step] = np.tanh(coming[step, :, 2 * size :] + gates[:, :size] * self.back_new[step])
            self.gates[step] = gates
            self.hidden[step + 1] = self.new[step] + gates[:, size:] * (self.hidden[step] - self.new[step])
        self.keep_hidden = _kept(self.hidden[1:].shape, rng, dropout)
        self.said = (self.hidden[1:] * self.keep_hidden) @ weights["out"] + weights["out_bias"]


def _kept(shape: tuple[int, ...], rng: np.random.Generator | None, dropout: float) -> F32:
    if rng is None or not dropout:
        return np.ones((1,) * len(shape), np.float32)
    return (rng.random(shape, np.float32) >= dropout).astype(np.float32) / np.float32(1 - dropout)


def gradients(weights: Parameters, memory: Memory, error: F32) -> Parameters:
    """From the loss's slope at the outputs, (steps, clips, OUTPUTS), to its slope at every weight."""
    steps, clips, _ = error.shape
    size = len(weights["gates_back"])
    kept = memory.hidden[1:] * memory.keep_hidden
    flat = error.reshape(-1, OUTPUTS)
    found = {"out": kept.reshape(-1, size).T @ flat, "out_bias": flat.sum(axis=0)}
    from_out = (error @ weights["out"].T) * memory.keep_hidden
    coming = np.empty((steps, clips, 3 * size), np.float32)
    back = np.empty((steps, clips, 3 * size), np.float32)
    carried = np.zeros((clips, size), np.float32)
    back_weights = np.ascontiguousarray(weights["gates_back"].T)
    for step in range(steps - 1, -1, -1):
        slope = carried + from_out[step]
        reset, update = memory.gates[step, :, :size], memory.gates[step, :, size:]
        before, new = memory.hidden[step], memory.new[step]
        new_slope = slope * (1 - update) * (1 - new * new)
        update_slope = slope * (before - new) * update * (1 - update)
        reset_slope = new_slope * memory.back_new[step] * reset * (1 - reset)
        coming[step] = np.concatenate([reset_slope, update_slope, new_slope], axis=1)
        back[step] = np.concatenate([reset_slope, update_slope, new_slope * reset], axis=1)
        carried = slope * update + back[step] @ back_weights
    flat = back.reshape(-1, 3 * size)
    found["gates_back"] = memory.hidden[:-1].reshape(-1, size).T @ flat
    found["gates_back_bias"] = flat.sum(axis=0)
    flat = coming.reshape(-1, 3 * size)
    found["gates_in"] = memory.front.reshape(len(flat), -1).T @ flat
    found["gates_in_bias"] = flat.sum(axis=0)
    front = (coming @ weights["gates_in"].T) * memory.keep_front * (memory.front > 0)
    flat = front.reshape(-1, front.shape[-1])
    found["front"] = memory.heard.reshape(len(flat), -1).T @ flat
    found["front_bias"] = flat.sum(axis=0)
    return found


def loss(said: F32, wanted: F32, variance: F32) -> tuple[float, F32]:
    """The loss of a batch and its slope at the outputs, both per step."""
    count = said.shape[0] * said.shape[1]
    slope = np.zeros_like(said)
    end = LEVEL + 1
    per_shape = _SHAPE_WEIGHTS / variance / end
    away = said[..., :end] - wanted[..., :end]
    total = float((away**2 * per_shape).sum())
    slope[..., :end] = 2 * away * per_shape
    speed = np.diff(away, axis=0)
    total += _SPEED_SHARE * float((speed**2 * per_shape).sum())
    pull = 2 * _SPEED_SHARE * speed * per_shape
    slope[1:, :, :end] += pull
    slope[:-1, :, :end] -= pull
    logits = said[..., end:VISEMES_END]
    logits = logits - logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    shares = wanted[..., end:VISEMES_END]
    total -= _VISEME_SHARE * float((shares * (logits - log_sum)).sum())
    slope[..., end:VISEMES_END] = _VISEME_SHARE * (np.exp(logits - log_sum) - shares)
    touch = sigmoid(said[..., VISEMES_END:])
    true = wanted[..., VISEMES_END:]
    weight = _CONTACT_SHARE * np.where(true > 0.5, _CONTACT_GAIN, 1)
    chance = np.clip(np.where(true > 0.5, touch, 1 - touch), 1e-6, 1)
    total -= float((weight * np.log(chance)).sum())
    slope[..., VISEMES_END:] = weight * (touch - true)
    return total / count, slope / np.float32(count)


class Adam:
    """Kingma & Ba 2015, with the decay of Loshchilov & Hutter 2019."""

    def __init__(self, weights: Parameters) -> None:
        self._mean = {name: np.zeros_like(value) for name, value in weights.items()}
        self._square = {name: np.zeros_like(value) for name, value in weights.items()}
        self._count = 0

    def improve(self, weights: Parameters, found: Parameters, rate: float) -> None:
        """One step, in place. The whole slope is cut down to length _GRADIENT_MOST."""
        self._count += 1
        length = float(np.sqrt(sum(float((slope**2).sum()) for slope in found.values())))
        scale = np.float32(min(1.0, _GRADIENT_MOST / (length + 1e-9)))
        for name, slope in found.items():
            slope = slope * scale
            self._mean[name] += np.float32(0.1) * (slope - self._mean[name])
            self._square[name] += np.float32(0.001) * (slope**2 - self._square[name])
            mean = self._mean[name] / np.float32(1 - 0.9**self._count)
            square = self._square[name] / np.float32(1 - 0.999**self._count)
            weights[name] -= np.float32(rate) * (mean / (np.sqrt(square) + np.float32(1e-8)) + _DECAY * weights[name])


def train(lessons: Lessons, plan: Plan, say: Say, begun: Parameters | None = None) -> Parameters:
    """Learn from all lessons but the last 3 %, by which `say` tells how it goes. begun: weights to go on from."""
    mean = begun["mean"] if begun else average(lessons.heard)
    heard = levelled(lessons.heard, mean)
    kept_back = max(1, len(heard) * 3 // 100)
    wanted = lessons.wanted[:-kept_back:7].astype(np.float32)
    variance = wanted[..., : LEVEL + 1].reshape(-1, LEVEL + 1).var(axis=0) + np.float32(1e-4)
    average_mouth = wanted.reshape(-1, OUTPUTS).mean(axis=0)
    weights = dict(begun) if begun else fresh(plan, mean, average_mouth)
    weights.pop("viseme_shares", None)
    adam, rng = Adam(weights), np.random.default_rng(plan.seed)
    per_epoch = (len(heard) - kept_back) // plan.batch
    began_s, done = time.monotonic(), 0
    for epoch in range(plan.epochs):
        losses = []
        for picked in _batches(len(heard) - kept_back, plan.batch, rng):
            frames = _disturbed(heard[picked].astype(np.float32), plan.noise, rng)
            memory = Memory(weights, steps_of(frames), rng, plan.dropout)
            target = np.ascontiguousarray(lessons.wanted[picked].astype(np.float32).transpose(1, 0, 2))
            value, slope = loss(memory.said, target, variance)
            rate = plan.rate * _warmth(done / (plan.epochs * per_epoch))
            adam.improve(weights, gradients(weights, memory, slope), rate)
            losses.append(value)
            done += 1
        frames = heard[-kept_back:].astype(np.float32)
        target = lessons.wanted[-kept_back:].astype(np.float32).transpose(1, 0, 2)
        unseen, _ = loss(Memory(weights, steps_of(frames), None, 0).said, target, variance)
        say(f"epoch {epoch + 1}: {np.mean(losses):.4f}, unseen {unseen:.4f}, {time.monotonic() - began_s:.0f} s")
    weights["viseme_shares"] = average_mouth[LEVEL + 1 : VISEMES_END]
    return weights


def _batches(count: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.intp]]:
    order = rng.permutation(count)
    for begin in range(0, count - size + 1, size):
        yield np.sort(order[begin : begin + size])


def _warmth(part: float) -> float:
    """Share of the learning rate: up in the first tenth, then down along a cosine (Smith & Topin 2019)."""
    return part / 0.1 if part < 0.1 else 0.5 + 0.5 * float(np.cos(np.pi * (part - 0.1) / 0.9))


def _disturbed(frames: F32, most: float, rng: np.random.Generator) -> F32:
    """Noise on everything, and a hole in the spectrum of every third clip."""
    for clip in frames:
        if rng.random() < 0.33:
            width = int(rng.integers(2, 9))
            low = int(rng.integers(0, BANDS - width))
            clip[:, low : low + width] = 0
        clip += np.float32(rng.uniform(0, most)) * rng.standard_normal(clip.shape, np.float32)
    return frames
