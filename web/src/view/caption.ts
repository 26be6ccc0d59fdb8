/** What she says, with the word that is being heard. Changed only where it differs: it is looked at 60 times a second. */
import type { CaptionPart } from "../core/captions";
import type { Turn } from "../session/turn";
import { byId, el } from "./dom";

export class CaptionView {
  private readonly line = byId("caption");
  private shown = "";

  /** positionUs: what is being heard; null: nothing yet. */
  show(turn: Turn | null, positionUs: number | null): void {
    if (turn === null) return;
    const at = turn.stoppedAtUs ?? positionUs ?? 0;
    const stamp = `${turn.captions.stamp(at)} ${turn.isOver}`;
    if (stamp === this.shown) return;
    this.shown = stamp;
    let parts: CaptionPart[] = turn.captions.view(at);
    if (turn.isOver && turn.stoppedAtUs !== null) parts = parts.filter((part) => part.state !== "ahead").map(isHeard);
    this.line.replaceChildren(...wrap(parts));
  }
}

/** Nothing is being heard any more. */
function isHeard(part: CaptionPart): CaptionPart {
  return { ...part, state: "heard" };
}

function wrap(parts: readonly CaptionPart[]): Node[] {
  const line = el("span");
  for (const { text, state } of parts) line.append(el("span", { class: state }, text));
  return [line];
}
