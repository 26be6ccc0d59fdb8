/**
 * What people asked for by hand, and how it gets to the server: who speaks and what stands behind them when a session is
 * opened, all else as updates, since an update can be taken back. Pure.
 */
import type { EmotionLabel, Framing } from "../contract/tth/v1/controls_pb";

export interface WishedEmotion {
  readonly label: EmotionLabel;
  readonly intensity: number;
  readonly valence?: number;
  readonly arousal?: number;
}
export type WishedManner = Partial<Record<"speechRate" | "pitchShift" | "expressivity" | "motionGain", number>>;

export interface WishedControls {
  emotion?: WishedEmotion;
  character?: WishedManner & { personaId?: string };
  render?: { background?: string; framing?: Framing };
}

export interface Update {
  readonly controls: WishedControls;
  /** Given back to the person's own. */
  readonly clearPaths: readonly string[];
}

const EMOTION_PATHS = ["emotion.label", "emotion.intensity", "emotion.valence", "emotion.arousal"];
const MANNER_PATHS = [
  "character.speech_rate", "character.pitch_shift", "character.expressivity", "character.motion_gain",
];

export class Wishes {
  private emotion: WishedEmotion | null = null;
  private manner: WishedManner = {};
  place: { background?: string; framing?: Framing } = {};
  private pending: { controls: WishedControls; clearPaths: string[] } = { controls: {}, clearPaths: [] };
  /** Empty: whoever the server has first. */
  personaId = "";

  feel(emotion: WishedEmotion): void {
    this.emotion = this.pending.controls.emotion = emotion;
    this.pending.clearPaths = this.pending.clearPaths.filter((path) => !EMOTION_PATHS.includes(path));
  }

  /** The person's own emotion again. */
  feelFreely(): void {
    this.emotion = null;
    delete this.pending.controls.emotion;
    this.clear(EMOTION_PATHS);
  }

  behave(manner: WishedManner): void {
    Object.assign(this.manner, manner);
    this.pending.controls.character = { ...this.pending.controls.character, ...manner };
  }

  /** Another person speaks, who has an emotion and a manner of their own. */
  speakAs(personaId: string): void {
    this.personaId = personaId;
    [this.emotion, this.manner] = [null, {}];
    this.pending.controls = { ...this.renderOf(this.pending.controls), character: { personaId } };
    this.clear([...EMOTION_PATHS, ...MANNER_PATHS]);
  }

  stand(place: { background?: string; framing?: Framing }): void {
    Object.assign(this.place, place);
    this.pending.controls.render = { ...this.pending.controls.render, ...place };
  }

  get emotionIsFree(): boolean {
    return this.emotion?.valence !== undefined;
  }

  /** For a session that is opened now. */
  atOpening(): WishedControls {
    return { character: this.personaId ? { personaId: this.personaId } : {}, render: { ...this.place } };
  }

  /** The first update of a session; null where there is nothing to say. */
  behindOpening(): Update | null {
    this.pending = { controls: {}, clearPaths: [] };
    const hasManner = Object.keys(this.manner).length > 0;
    if (this.emotion === null && !hasManner) return null;
    const controls = { ...(this.emotion ? { emotion: this.emotion } : {}), ...(hasManner ? { character: { ...this.manner } } : {}) };
    return { controls, clearPaths: [] };
  }

  /** What changed since it was asked before. */
  takeUpdate(): Update {
    const update = this.pending;
    this.pending = { controls: {}, clearPaths: [] };
    return update;
  }

  private clear(paths: readonly string[]): void {
    this.pending.clearPaths = [...new Set([...this.pending.clearPaths, ...paths])];
  }

  private renderOf({ render }: WishedControls): WishedControls {
    return render ? { render } : {};
  }
}
