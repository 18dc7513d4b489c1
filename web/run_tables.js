// run_tables.js -- The tables of a report: runs compared, and one run's figures, phases, events.
import { make } from "./dom.js";
import { colourName, dashOf } from "./overlay.js";
import { formatBytes, formatDuration, isNever } from "./units.js";

const SVG = "http://www.w3.org/2000/svg";

// A piece of the line that a run is drawn with.
export function makeSample(index) {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ x1: 0, x2: 30, y1: 5, y2: 5,
    "stroke-width": 3, stroke: `var(--${colourName(index)})`,
    "stroke-dasharray": dashOf(index).join(" ") })) {
    line.setAttribute(name, value);
  }
  svg.setAttribute("viewBox", "0 0 30 10");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  return svg;
}

const textOf = (run, label) => run.facts.find((fact) => fact.label === label)?.text;

// The rows in which runs differ, and all figures; what is the same in all stands in one line.
export function fillCompared(table, alike, runs) {
  const isEqual = (label) => runs.every((run) => textOf(run, label) === textOf(runs[0], label));
  const rows = runs[0].facts.filter(({ label, is_setting: isSetting }) =>
    runs.some((run) => textOf(run, label)) && !(isSetting && isEqual(label)));
  const head = make("tr", {}, make("td"), ...runs.map((run, index) =>
    make("th", { scope: "col" }, make("span", {}, makeSample(index), run.name))));
  table.append(make("thead", {}, head), make("tbody", {}, ...rows.map(({ label }) =>
    make("tr", {}, make("th", { scope: "row" }, label), ...runs.map((run) =>
      make("td", { "data-tone": label === "outcome" && run.tone },
        label === "outcome" ? `${run.mark} ${textOf(run, label)}` : textOf(run, label) ?? "–"))))));
  const same = runs[0].facts.filter(({ label, is_setting: isSetting, text }) =>
    isSetting && text && isEqual(label)).map(({ label, text }) => `${label} ${text}`);
  alike.textContent = same.length ? `The same in all: ${same.join(" · ")}.` : "";
}

export function fillFacts(body, run, isSetting) {
  body.replaceChildren(...run.facts.filter((fact) => fact.is_setting === isSetting && fact.text)
    .map((fact) => make("tr", {}, make("th", { scope: "row" }, fact.label),
      make("td", {}, fact.text))));
}

const goalText = (bytes) => (isNever(bytes) ? "never" : formatBytes(bytes));

export function fillPhases(body, run) {
  body.replaceChildren(...run.phases.map((phase) => make("tr", {},
    make("th", { scope: "row" }, phase.name || "–"),
    ...[formatBytes(phase.requested_bytes), formatBytes(phase.heap_bytes),
      goalText(phase.goal_bytes), formatBytes(phase.garbage_bytes), formatBytes(phase.cage_bytes)]
      .map((text) => make("td", {}, text)))));
}

function gcText(gc) {
  return `heap ${formatBytes(gc.start_bytes)}, live ${formatBytes(gc.marked_bytes)}, next at ${
    goalText(gc.next_goal_bytes)}, stood still ${formatDuration(gc.pause_ns)}`;
}

const EVENTS_MAX = 500; // Rows of the table; a chart shows more at a glance.

// Phases, collections, what the script said and the end, in the order of time.
export function fillEvents(body, run) {
  const events = [
    ...run.phases.map((phase) => ({ at_ms: phase.at_ms, kind: "request", title: "phase",
      text: phase.name })),
    ...run.gcs.map((gc) => ({ at_ms: gc.at_ms, kind: "gc",
      title: `gc ${gc.number}${gc.is_forced ? " (forced)" : ""}`, text: gcText(gc) })),
    ...run.events.map((event) => ({ at_ms: event.at_ms, kind: "log", title: event.kind,
      text: event.text })),
  ].sort((one, other) => one.at_ms - other.at_ms);
  const left = events.length - EVENTS_MAX;
  const shown = events.slice(0, EVENTS_MAX);
  if (left > 0) {
    shown.push({ at_ms: shown.at(-1).at_ms, kind: "log", title: "…", text: `${left} more` });
  }
  if (run.has_end) {
    shown.push({ at_ms: run.end_ns / 1e6, kind: run.is_dead ? "killed" : "life",
      title: `${run.mark} end`, text: run.outcome });
  }
  body.replaceChildren(...shown.map((event) => make("tr", { "data-kind": event.kind },
    make("td", { class: "when" }, formatDuration(event.at_ms * 1e6)),
    make("th", { scope: "row" }, event.title), make("td", {}, event.text))));
}
