/** What is seen and heard, into a file. The browser's own recorder: MP4 where it can, WebM otherwise. */

const TYPES = [
  "video/mp4;codecs=avc1.64001F,mp4a.40.2",
  "video/mp4;codecs=avc1.64001F,opus",
  "video/webm;codecs=vp9,opus",
  "video/webm;codecs=vp8,opus",
];
const FPS = 30;

export class Recorder {
  private recorder: MediaRecorder | null = null;
  private parts: Blob[] = [];

  get isOn(): boolean {
    return this.recorder !== null;
  }

  static isPossible(): boolean {
    return typeof MediaRecorder !== "undefined" && "captureStream" in HTMLCanvasElement.prototype;
  }

  start(canvas: HTMLCanvasElement, sound: MediaStream | null): void {
    const tracks = [...canvas.captureStream(FPS).getVideoTracks(), ...(sound?.getAudioTracks() ?? [])];
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    const options = { videoBitsPerSecond: 4_000_000, ...(mimeType ? { mimeType } : {}) };
    const recorder = new MediaRecorder(new MediaStream(tracks), options);
    this.parts = [];
    recorder.ondataavailable = (event) => {
      if (event.data.size) this.parts.push(event.data);
    };
    recorder.start(1000); // in parts: a page that crashes has not kept an hour in one buffer
    this.recorder = recorder;
  }

  /** Ends; what was recorded, with a name for it. */
  async stop(): Promise<{ blob: Blob; name: string } | null> {
    const recorder = this.recorder;
    if (recorder === null) return null;
    this.recorder = null;
    await new Promise<void>((resolve) => {
      recorder.onstop = () => resolve();
      recorder.stop();
    });
    for (const track of recorder.stream.getVideoTracks()) track.stop();
    const type = recorder.mimeType.split(";")[0] || "video/webm";
    const stamp = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
    return { blob: new Blob(this.parts, { type }), name: `tth-${stamp}.${type === "video/mp4" ? "mp4" : "webm"}` };
  }
}
