import { expect, test } from "vitest";
import { CALM, fromPad, hueOf, LABEL_POINTS, LABELS, nearestLabel, pointOf, spoken, stepped, toPad, withIntensity, withLabel, withPoint } from "../../src/core/mood";

test("each label is nearest to its own point", () => {
  for (const label of LABELS) expect(nearestLabel(LABEL_POINTS[label])).toBe(label);
});

test("a label stands as far out as its intensity says, as the server reckons", () => {
  const mood = withIntensity(withLabel(CALM, "happy"), 0.5);
  expect(pointOf(mood)).toEqual({ valence: 0.4, arousal: 0.25 });
});

test("a label that is chosen takes a free point away, and turns up a mood that was off", () => {
  const free = withPoint(CALM, { valence: -0.5, arousal: -0.5 });
  expect(free.label).toBe("sad");
  expect(withLabel(free, "happy").point).toBeNull();
  expect(withLabel({ ...CALM, intensity: 0 }, "sad").intensity).toBe(0.5);
});

test("nothing leaves the pad", () => {
  expect(withPoint(CALM, { valence: 7, arousal: -7 }).point).toEqual({ valence: 1, arousal: -1 });
  expect(withIntensity(CALM, 2).intensity).toBe(1);
  expect(fromPad(-0.5, 1.5)).toEqual({ valence: -1, arousal: -1 });
});

test("pad and point are each other's inverse", () => {
  for (const label of LABELS) {
    const { x, y } = toPad(LABEL_POINTS[label]);
    const back = fromPad(x, y);
    expect(back.valence).toBeCloseTo(LABEL_POINTS[label].valence, 9);
    expect(back.arousal).toBeCloseTo(LABEL_POINTS[label].arousal, 9);
  }
});

test("arrow keys step from where the mood stands", () => {
  const mood = stepped(withLabel(CALM, "happy"), 0.1, -0.1);
  expect(mood.point).toEqual({ valence: 0.5, arousal: 0.15 });
});

test("hues are degrees, without a seam where the angle turns over", () => {
  for (let angle = -180; angle <= 180; angle += 5) {
    const at = (degrees: number) => hueOf({ valence: Math.cos((degrees * Math.PI) / 180), arousal: Math.sin((degrees * Math.PI) / 180) });
    const [one, next] = [at(angle), at(angle + 5)];
    expect(one).toBeGreaterThanOrEqual(0);
    expect(one).toBeLessThan(360);
    const apart = Math.abs(((next - one + 540) % 360) - 180);
    expect(apart).toBeLessThan(25);
  }
});

test("a mood can be read out", () => {
  expect(spoken(withIntensity(withLabel(CALM, "sad"), 1))).toBe("sad; unpleasant 0.70, calm 0.40");
  expect(spoken(CALM)).toBe("neutral");
});
