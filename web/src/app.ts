/**
 * The page: what people do on one side, one session on the other. Holds no rules of its own.
 */
import { type ControlReport, type Controls, type Framing } from "./contract/tth/v1/controls_pb";
import { TextMode } from "./contract/tth/v1/converse_pb";
import { VideoCodec } from "./contract/tth/v1/media_pb";
import { type Mood, pointOf } from "./core/mood";
import { fromWire, toWire } from "./core/words";
import { preferredCodec } from "./media/pictures";
import { Player } from "./media/player";
import { Api, ApiError } from "./session/api";
import { Conversation } from "./session/conversation";
import type { Turn } from "./session/turn";
import { type Update, Wishes } from "./session/wishes";
import { CaptionView } from "./view/caption";
import { Composer } from "./view/composer";
import { byId, throttled } from "./view/dom";
import type { Head } from "./view/head";
import { LanguageView } from "./view/language";
import { LiveView } from "./view/live";
import { LogView } from "./view/log";
import { type Manner, MannerView } from "./view/manner";
import { MoodPad } from "./view/mood-pad";
import { PeopleView } from "./view/people";
import { ReportView } from "./view/report-view";
import { Screen } from "./view/screen";
import { StatusView } from "./view/status";
import { Meanings } from "./view/term";
import { askToken, keptToken, keepToken } from "./view/token";
import { WaterfallView } from "./view/waterfall-view";
import { RecordButton } from "./view/record-button";

export type View = "picture" | "head" | "both";

const RETRY_MS = 3_000;
const UPDATE_EVERY_MS = 120;
const FIGURES_EVERY_MS = 500;

/** What the server refuses for a reason that people have a hand in. */
const REFUSED: Readonly<Record<string, string>> = { PAUSE_TIMEOUT: "Paused for too long: this turn is over" };

export class App {
  readonly player = new Player(
    (turnId) => this.conversation?.generations.isVoid(turnId) ?? false,
    () => this.decoderFailed(),
  );
  readonly live = new LiveView(this.player);
  private api = new Api("", keptToken());
  private conversation: Conversation | null = null;
  private view: View = "picture";
  private codec = VideoCodec.JPEG;
  private head: Head | null = null;
  private headOf = "";
  private looks = new Map<string, string>();
  private blendshapes: readonly string[] = [];
  private effective: Controls | null = null;
  /** What was asked for by hand: it goes along when a session is opened anew. */
  private readonly wishes = new Wishes();
  private readonly screen = new Screen();
  private readonly status = new StatusView();
  private readonly caption = new CaptionView();
  private readonly waterfall = new WaterfallView();
  private readonly report = new ReportView();
  private readonly log = new LogView();
  private readonly manner = new MannerView((key, value) => this.mannerChanged(key, value));
  private readonly mood = new MoodPad((mood) => this.moodChanged(mood), () => this.moodReset());
  private readonly people = new PeopleView({
    person: (personaId) => this.personChanged(personaId),
    background: (background) => this.placeChanged({ background }),
    framing: (framing: Framing) => this.placeChanged({ framing }),
  });
  private readonly language = new LanguageView((name) => this.status.notice(name ? `${name}, from the next text on` : ""));
  private readonly composer: Composer;
  private figuresAt = 0;
  private retry = 0;
  private attempt = 0;
  private isOver = false;
  private isPaused = false;
  private unsaid: { text: string; mode: TextMode }[] = [];
  private readonly sendUpdate = throttled(UPDATE_EVERY_MS, () => this.flushUpdate());

  constructor() {
    this.composer = new Composer({
      say: (text, mode) => this.say(text, mode),
      typing: (mode) => this.conversation?.typing(mode, this.language.code),
      modeChanged: (mode) => this.language.setTalk(mode === TextMode.TALK),
      cleared: () => this.conversation?.stopListening(),
      stop: () => {
        if (this.conversation?.interrupt("stop")) this.status.say("Stopped");
      },
      pauseOrGoOn: () => this.pauseOrGoOn(),
      touched: () => {
        void this.player.sound.start().catch(() => this.status.notice("This browser lets no sound out"));
        if (this.isOver) void this.openSession();
      },
    });
    new Meanings();
    new RecordButton(() => this.shownCanvas(), () => this.player.sound);
    byId("view").addEventListener("change", (event) => void this.setView((event.target as HTMLInputElement).value as View));
    addEventListener("online", () => this.conversation?.hurry());
    addEventListener("pagehide", () => this.conversation?.close());
    addEventListener("pageshow", (event) => {
      if (event.persisted) void this.openSession();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.conversation?.hurry();
    });
  }

  async start(): Promise<void> {
    this.waterfall.draw(null);
    requestAnimationFrame(() => this.frame());
    setInterval(() => this.conversation?.tick(), 100);
    if (typeof AudioWorkletNode === "undefined") {
      this.status.notice("Sound needs localhost or https: this address is neither");
    }
    this.codec = await preferredCodec();
    void this.loadModels();
    await this.openSession();
    this.composer.focus();
  }

  // ---- session

  private async openSession(): Promise<void> {
    clearTimeout(this.retry);
    const attempt = (this.attempt += 1);
    this.isOver = false;
    this.closeSession();
    this.status.line("connecting", 0, null, "");
    const hasPictures = this.view !== "head";
    const media = { videoCodec: hasPictures ? this.codec : VideoCodec.NONE, motion: this.view !== "picture" };
    try {
      const session = await this.api.createSession({ schemaVersion: "1.0", controls: this.wishes.atOpening() as never, media });
      if (attempt !== this.attempt) {
        this.api.endSession(session.sessionId); // somebody chose again meanwhile
        return;
      }
      this.blendshapes = session.blendshapeNames;
      this.report.clear();
      this.log.newConversation();
      const update = this.wishes.behindOpening();
      if (session.controlReport && update === null) this.took(session.controlReport);
      this.converse(session.sessionId, session.resumeHandle, update);
    } catch (error) {
      if (attempt === this.attempt) await this.notOpened(error);
    }
  }

  /** update: what is asked for from the beginning. */
  private converse(sessionId: string, handle: string, update: Update | null): void {
    const conversation: Conversation = new Conversation(sessionId, handle, this.api, this.player, {
      turn: (turn) => this.turnChanged(turn),
      report: (report) => this.took(report),
      metrics: () => undefined,
      degraded: (component, reason, isActive) => this.status.degraded(component, reason, isActive),
      refused: (error) => this.status.notice(REFUSED[error.reason] ?? error.message),
      leaving: () => undefined,
      line: (state, tries, verdict, why) => {
        if (conversation !== this.conversation) return;
        this.status.line(state, tries, verdict, why);
        // Another conversation begins with the next touch: a page that nobody looks at should not keep a server busy.
        this.isOver = state === "ended" && verdict !== "unauthenticated";
        if (verdict === "unauthenticated") void this.askForToken();
      },
      resumed: () => {
        this.live.resumes += 1;
        this.status.back();
      },
      bytes: (kind, bytes) => this.live.arrived(kind, bytes),
      roundTrip: (ms) => this.live.answered(ms),
    });
    this.conversation = conversation;
    conversation.open();
    if (update !== null) conversation.update(update);
    for (const { text, mode } of this.unsaid.splice(0)) conversation.say(text, mode, this.language.code);
  }

  /** Now, or as soon as there is a session. */
  private say(text: string, mode: TextMode): void {
    if (this.conversation === null || this.isOver) this.unsaid = [{ text, mode }];
    else this.conversation.say(text, mode, this.language.code);
  }

  private pauseOrGoOn(): void {
    if (this.conversation?.isPaused()) this.conversation.goOn();
    else this.conversation?.pause();
  }

  private showPaused(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    this.isPaused = isPaused;
    byId("scene").dataset["paused"] = String(isPaused);
    this.status.paused(isPaused);
  }

  private closeSession(): void {
    const old = this.conversation;
    this.conversation = null;
    old?.close();
    this.player.reset();
  }

  private async notOpened(error: unknown): Promise<void> {
    if (error instanceof ApiError && error.needsToken) {
      await this.askForToken();
      return;
    }
    const refused = error instanceof ApiError && error.code === "INVALID_ARGUMENT" && this.codec === VideoCodec.H264;
    if (refused) {
      this.codec = VideoCodec.JPEG; // an avatar that gives no H.264
      await this.openSession();
      return;
    }
    this.status.line("lost", 1, null, error instanceof Error ? error.message : "");
    this.retry = window.setTimeout(() => void this.openSession(), RETRY_MS);
  }

  private async askForToken(): Promise<void> {
    keepToken(await askToken());
    this.api = new Api("", keptToken());
    void this.loadModels();
    await this.openSession();
  }

  private async loadModels(): Promise<void> {
    try {
      const models = await this.api.listModels();
      this.people.fill(models);
      this.language.fill(models.models);
      this.looks = new Map(models.personas.map((persona) => [persona.personaId, persona.look]));
      if (this.effective) this.showEffective(this.effective);
    } catch {
      window.setTimeout(() => void this.loadModels(), RETRY_MS);
    }
  }

  private decoderFailed(): void {
    if (this.player.pictures.failures < 2 || this.codec === VideoCodec.JPEG) return;
    this.codec = VideoCodec.JPEG;
    void this.openSession();
  }

  // ---- controls

  private moodChanged(mood: Mood): void {
    const { valence, arousal } = pointOf(mood);
    this.wishes.feel({ label: toWire(mood.label), intensity: mood.intensity, ...(mood.point === null ? {} : { valence, arousal }) });
    this.sendUpdate();
  }

  private moodReset(): void {
    this.wishes.feelFreely();
    this.sendUpdate();
  }

  private mannerChanged(key: keyof Manner, value: number): void {
    this.wishes.behave({ [key]: value });
    this.sendUpdate();
  }

  private flushUpdate(): void {
    this.conversation?.update(this.wishes.takeUpdate());
  }

  /** Another person takes over, in the same conversation: whoever speaks stops, and what was said is remembered. */
  private personChanged(personaId: string): void {
    this.conversation?.interrupt("another person");
    this.wishes.speakAs(personaId);
    this.mood.letGo();
    this.manner.letGo();
    this.flushUpdate();
    if (this.log.hasLines) this.status.notice(`${this.people.nameOf(personaId)} takes over, and knows what was said`);
  }

  /** Between turns it is seen at once, else as soon as this turn is over. */
  private placeChanged(place: { background?: string; framing?: Framing }): void {
    this.wishes.stand(place);
    this.flushUpdate();
    if (this.conversation?.isBusy()) this.status.notice("Seen as soon as this turn is over");
  }

  private took(report: ControlReport): void {
    this.report.take(report);
    if (report.effective) this.showEffective(report.effective);
  }

  private showEffective(controls: Controls): void {
    this.effective = controls;
    const { emotion, character, render } = controls;
    if (emotion?.label) {
      const label = fromWire(emotion.label);
      const isFree = this.wishes.emotionIsFree && emotion.valence !== undefined && emotion.arousal !== undefined;
      const point = isFree ? { valence: emotion.valence!, arousal: emotion.arousal! } : null;
      this.mood.show({ label, intensity: emotion.intensity ?? 0.5, point });
    }
    if (character) {
      const { speechRate, pitchShift, expressivity, motionGain, personaId } = character;
      const manner = { speechRate, pitchShift, expressivity, motionGain };
      this.manner.show(Object.fromEntries(Object.entries(manner).filter(([, value]) => value !== undefined)));
      const { background, framing } = { ...render, ...this.wishes.place }; // a running turn still has what it began with
      this.people.show(personaId ?? "", background ?? "", framing ?? 0);
      this.status.name = this.people.nameOf(personaId ?? "");
      this.composer.address(this.status.name);
      void this.loadHead();
    }
  }

  // ---- turns

  private turnChanged(turn: Turn): void {
    if (turn.isFresh) {
      turn.isFresh = false;
      this.log.asked(turn);
      this.status.say("");
    }
    if (turn.isOver && (turn.waterfall.endedMs !== null || turn.heardText !== null)) this.log.said(turn, this.status.name);
    if (turn === this.conversation?.turn) this.waterfall.draw(turn.waterfall);
  }

  // ---- views

  private async setView(view: View): Promise<void> {
    this.view = view;
    byId("scene").dataset["view"] = view;
    await this.openSession();
    await this.loadHead();
  }

  private async loadHead(): Promise<void> {
    const look = this.looks.get(this.effective?.character?.personaId ?? "") ?? "";
    if (this.view === "picture" || !look || this.headOf === look) return;
    this.headOf = look;
    this.status.notice("Bringing the head");
    try {
      const { Head } = await import("./view/head");
      this.head ??= new Head(byId<HTMLCanvasElement>("head"), this.blendshapes);
      await this.head.load(this.api.lookUrl(look), this.api.headers());
      this.status.notice("");
    } catch {
      this.headOf = "";
      this.status.notice(`${this.status.name} has no 3D head here`);
    }
  }

  private shownCanvas(): HTMLCanvasElement {
    return byId<HTMLCanvasElement>(this.view === "head" ? "head" : "screen");
  }

  private frame(): void {
    requestAnimationFrame(() => this.frame());
    const { conversation } = this;
    if (conversation === null) return;
    const due = this.player.due();
    if (due !== null) {
      this.screen.show(due.picture);
      this.live.drawn();
    }
    this.drawHead();
    conversation.tick();
    const { turn } = conversation;
    this.caption.show(turn, conversation.heardUs());
    this.showPaused(conversation.isPaused());
    this.composer.show(conversation.isBusy(), this.isPaused);
    if (turn !== null && !turn.isOver && document.hidden === false) this.waterfallSoon();
    const now = performance.now();
    if (now - this.figuresAt < FIGURES_EVERY_MS) return;
    this.figuresAt = now;
    this.live.draw(this.view !== "head", this.view !== "picture");
  }

  private readonly waterfallSoon = throttled(100, () => this.waterfall.draw(this.conversation?.turn?.waterfall ?? null));

  private drawHead(): void {
    if (this.view === "picture" || !this.head?.isLoaded) return;
    const before = this.player.faces.taken;
    const face = this.player.dueFace();
    if (face === null) return;
    if (this.player.faces.taken !== before || this.head.isStale) {
      this.head.draw(face);
      if (this.view === "head") {
        this.live.drawn();
        this.screen.lightFrom(byId<HTMLCanvasElement>("head"));
      }
    }
  }
}
