/** What became of every control that was asked for, as a table. */
import type { ControlReport } from "../contract/tth/v1/controls_pb";
import { mergedRows, reportRows, type ReportRow } from "../core/words";
import { byId, el } from "./dom";
import { term } from "./term";

export class ReportView {
  private rows: ReportRow[] = [];

  take(report: ControlReport): void {
    this.rows = mergedRows(this.rows, reportRows(report));
    this.draw();
  }

  clear(): void {
    this.rows = [];
    this.draw();
  }

  private draw(): void {
    byId("report-table").hidden = this.rows.length === 0;
    byId("report-empty").hidden = this.rows.length > 0;
    byId("report").replaceChildren(...this.rows.map(drawn));
  }
}

function drawn(row: ReportRow): HTMLElement {
  const differs = row.asked !== "" && row.asked !== row.got;
  const value = differs ? [row.got || "–", el("small", {}, `asked: ${row.asked}`)] : [row.got || row.asked];
  const how = row.reason && row.tone !== "good" ? [term(row.outcome), el("small", {}, row.reason)] : [term(row.outcome)];
  return el("tr", {}, el("td", {}, term(row.name)), el("td", {}, ...value), el("td", { class: row.tone, title: row.reason }, ...how));
}
