/**
 * The exported head, drawn here from motion frames: the rules of docs/own-head.md. Loaded only when it is asked for,
 * since three.js is by far the largest part of this page.
 */
import {
  CanvasTexture,
  DirectionalLight,
  type Mesh,
  NeutralToneMapping,
  type Object3D,
  PerspectiveCamera,
  PMREMGenerator,
  Scene,
  SRGBColorSpace,
  WebGLRenderer,
} from "three";
import { GLTFLoader } from "three/addons/loaders/GLTFLoader.js";
import { RoomEnvironment } from "three/addons/environments/RoomEnvironment.js";
import type { MotionFrame } from "../contract/tth/v1/media_pb";

const DEGREES = Math.PI / 180;

/** `scene.extras.tth` of the file. */
interface Facts {
  readonly half_targets: readonly string[];
  readonly drapes: Readonly<Record<string, readonly number[]>>;
  readonly drape_most: number;
  readonly head_sidestep_per_deg: number;
  readonly gaze_full_deg: number;
  readonly eyes_converge_deg: number;
}

interface Person {
  readonly root: Object3D;
  readonly facts: Facts;
  readonly head: Object3D;
  readonly restX: number;
  readonly eyes: readonly (readonly [side: string, out: number, eye: Object3D])[];
  readonly meshes: readonly Mesh[];
}

export class Head {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(18.4, 1, 0.1, 10);
  private person: Person | null = null;
  private size = 0;
  /** Another person's head, or another size: the face must be drawn again. */
  isStale = true;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly names: readonly string[]) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, preserveDrawingBuffer: true });
    this.renderer.toneMapping = NeutralToneMapping;
    this.renderer.toneMappingExposure = 1.06;
    this.scene.background = wall();
    this.scene.environment = new PMREMGenerator(this.renderer).fromScene(new RoomEnvironment(), 0.04).texture;
    this.scene.environmentIntensity = 0.62;
    const lamp = new DirectionalLight(0xfff1e0, 2.2);
    lamp.position.set(-0.66, 0.55, 0.62);
    this.scene.add(lamp);
    this.camera.position.set(0, -0.04, 1.15);
  }

  /** Bring a person's head. Rejects where the server has none. */
  async load(url: string, headers: Record<string, string>): Promise<void> {
    const loader = new GLTFLoader();
    loader.setRequestHeader(headers);
    const { scene: root } = await loader.loadAsync(url);
    const meshes: Mesh[] = [];
    root.traverse((node) => {
      node.frustumCulled = false;
      if ((node as Mesh).morphTargetDictionary) meshes.push(node as Mesh);
    });
    const part = (name: string) => {
      const found = root.getObjectByName(name);
      if (!found) throw new Error(`the head has no ${name}`);
      return found;
    };
    const head = part("head");
    if (this.person) this.scene.remove(this.person.root);
    this.scene.add(root);
    const eyes = [["Left", 1, part("eyeLeft")], ["Right", -1, part("eyeRight")]] as const;
    this.isStale = true;
    this.person = { root, facts: root.userData["tth"] as Facts, head, restX: head.position.x, eyes, meshes };
  }

  get isLoaded(): boolean {
    return this.person !== null;
  }

  draw(face: MotionFrame): void {
    if (this.person === null) return;
    const size = Math.round(this.canvas.clientWidth * Math.min(devicePixelRatio, 2));
    if (size > 0 && size !== this.size) {
      this.size = size;
      this.renderer.setSize(size, size, false);
    }
    move(this.person, face, this.names);
    this.renderer.render(this.scene, this.camera);
    this.isStale = false;
  }

  dispose(): void {
    this.renderer.dispose();
  }
}

/** A studio's wall, as the server draws it: light behind the head, darker towards the edges. */
function wall(): CanvasTexture {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 256;
  const pen = canvas.getContext("2d")!;
  const light = pen.createRadialGradient(150, 105, 10, 135, 120, 200);
  light.addColorStop(0, "#cdd3dc");
  light.addColorStop(1, "#8a92a1");
  pen.fillStyle = light;
  pen.fillRect(0, 0, 256, 256);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

function move(person: Person, face: MotionFrame, names: readonly string[]): void {
  const { facts } = person;
  const weight: Record<string, number> = { breath: face.breath };
  names.forEach((name, i) => (weight[name] = face.blendshapes[i] ?? 0));
  for (const name of facts.half_targets) {
    const w = weight[name.slice(0, -"Half".length)] ?? 0; // lids and jaw turn: their way is bent
    weight[name] = 4 * w * (1 - w);
  }
  const turned = [face.yawDeg, face.pitchDeg, face.rollDeg];
  for (const [name, turn] of Object.entries(facts.drapes)) {
    weight[name] = Math.min(facts.drape_most, Math.max(0, dot(turned, turn) / dot(turn, turn))); // hair hangs
  }
  for (const mesh of person.meshes) {
    for (const [name, i] of Object.entries(mesh.morphTargetDictionary!)) mesh.morphTargetInfluences![i] = weight[name] ?? 0;
  }
  person.head.rotation.set(-face.pitchDeg * DEGREES, face.yawDeg * DEGREES, -face.rollDeg * DEGREES, "YXZ");
  person.head.position.x = person.restX + face.yawDeg * facts.head_sidestep_per_deg;
  for (const [side, out, eye] of person.eyes) {
    const look = (way: string) => (weight[`eyeLook${way}${side}`] ?? 0) * facts.gaze_full_deg;
    const right = out * (look("Out") - look("In") - facts.eyes_converge_deg);
    const up = look("Up") - look("Down");
    eye.rotation.set(-up * DEGREES, right * DEGREES, 0, "YXZ");
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
