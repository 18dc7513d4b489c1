// run_report.js -- The report of one run, or of several over each other, from the data in the page.
import { byId, make, setText } from "./dom.js";
import { createChart } from "./chart.js";
import { MEASURES, createOverlay } from "./overlay.js";
import { fillCompared, fillEvents, fillFacts, fillPhases, makeSample } from "./run_tables.js";
import { createTheme } from "./theme.js";
import { formatBytes, formatDuration, isNever } from "./units.js";

// Controls, and marks that turn the direction of what follows, are nobody's name.
const UNWANTED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
const { runs } = JSON.parse(byId("oomlab-runs").textContent, (_, value) =>
  (typeof value === "string" ? value.replace(UNWANTED, "\ufffd") : value));
const hasSome = (run, name) => // A curve has two points.
  run.series[name].filter((bytes) => bytes != null).length > 1;

// As chart.js wants it. What did not die ends without a box.
function lifeOf(run) {
  const { at_ms, cage_bytes, heap_bytes, goal_bytes, rss_bytes } = run.series;
  const hasHeap = hasSome(run, "heap_bytes");
  return {
    state: "ended",
    outcome: run.is_dead ? run.outcome : "ended",
    verdict: run.verdict,
    wall_ns: run.has_end ? run.end_ns : null,
    cage_peak_bytes: run.peak_bytes,
    settings: { limit_bytes: run.limit_bytes },
    series: { at_ms, cage_bytes, rss_bytes,
      ...hasHeap ? { heap_bytes, goal_bytes } : {} },
    gcs: run.gcs,
    phases: run.phases,
  };
}

// The last value known at a point.
function valueAt(run, name, index) {
  return run.series[name].slice(0, index + 1).findLast((bytes) => bytes != null);
}

function momentText(run, index) {
  if (index == null || index >= run.series.at_ms.length) {
    return "";
  }
  const parts = MEASURES.map(({ name, title }) => {
    const bytes = valueAt(run, name, index);
    return bytes == null ? "" : `${title} ${isNever(bytes) ? "never" : formatBytes(bytes)}`;
  }).filter(Boolean);
  return `at ${formatDuration(run.series.at_ms[index] * 1e6)}: ${parts.join(", ")}`;
}

// The sections about one run. show(index), setTheme().
function createDetail() {
  let run = runs[0];
  const chart = createChart(byId("chart"), {
    secondsMin: 1e-6,
    onHover: (index) => setText(byId("moment"), momentText(run, index)),
    onNote: (text) => setText(byId("chart-note"), text),
  });

  function show(index) {
    run = runs[index];
    byId("verdict").dataset.tone = run.tone;
    setText(byId("verdict-mark"), run.mark);
    setText(byId("verdict-title"), run.verdict);
    setText(byId("verdict-text"), run.why);
    setText(byId("verdict-evidence"), run.evidence);
    byId("chart").setAttribute("aria-label", `Memory over ${formatDuration(run.end_ns)}: the ` +
      `cage peaked at ${formatBytes(run.peak_bytes)}${run.limit_bytes == null ? ""
        : ` of ${formatBytes(run.limit_bytes)}`}`);
    const { classList } = document.body;
    classList.toggle("is-unlimited", run.limit_bytes == null);
    classList.toggle("is-unheaped", !hasSome(run, "heap_bytes"));
    classList.toggle("is-unresident", !hasSome(run, "rss_bytes"));
    fillFacts(byId("figures"), run, false);
    fillFacts(byId("settings"), run, true);
    byId("phases-box").hidden = run.phases.length === 0;
    fillPhases(byId("phases"), run);
    fillEvents(byId("events"), run);
    chart.setLife(lifeOf(run));
  }

  return { show, setTheme: () => chart.setTheme() };
}

// The list below the overlay: which line is whose, and a way to hide it.
function createList(overlay) {
  const notes = runs.map(() => make("span", { class: "at" }));
  byId("runs").append(...runs.map((run, index) => {
    const button = make("button", { type: "button", class: "quiet", "aria-pressed": "true",
      onclick: () => {
        const isShown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(isShown));
        overlay.setShown(index, isShown);
      } }, makeSample(index), make("span", {}, `${run.mark} ${run.name}`), notes[index]);
    return make("li", {}, button);
  }));
  return notes;
}

function createMeasures(overlay) {
  const present = MEASURES.filter(({ name }) => runs.some((run) => hasSome(run, name)));
  byId("measures").append(...present.map(({ name, title }, index) => make("label", {},
    make("input", { type: "radio", name: "measure", value: name, checked: index === 0,
      onchange: () => overlay.setMeasure(name) }), title)));
}

function createTogether() {
  byId("together").hidden = false;
  byId("overlay").setAttribute("aria-label",
    `Usage of the cage over time in ${runs.length} runs; the table below has the figures`);
  let notes = [];
  const overlay = createOverlay(byId("overlay"), runs, {
    onHover: (seconds, values) => {
      setText(byId("together-moment"), seconds == null ? ""
        : `at ${formatDuration(seconds * 1e9)}`);
      notes.forEach((note, index) =>
        setText(note, values[index] == null ? "" : formatBytes(values[index])));
    },
  });
  notes = createList(overlay);
  createMeasures(overlay);
  fillCompared(byId("compared"), byId("alike"), runs);
  return overlay;
}

function createChoices(detail) {
  const buttons = runs.map((run, index) => make("button", { type: "button", class: "quiet",
    onclick: () => choose(index) }, makeSample(index), run.name));
  function choose(chosen) {
    buttons.forEach((button, index) =>
      button.setAttribute("aria-pressed", String(index === chosen)));
    detail.show(chosen);
  }
  byId("choices").hidden = false;
  byId("choices").append(...buttons);
  choose(0);
}

// Paper is white: whatever the theme is, printing is light.
function watchPrinting(draw) {
  const { dataset } = document.documentElement;
  let theme;
  addEventListener("beforeprint", () => {
    theme = dataset.theme;
    dataset.theme = "light";
    draw();
  });
  addEventListener("afterprint", () => {
    if (theme == null) {
      delete dataset.theme;
    } else {
      dataset.theme = theme;
    }
    draw();
  });
}

function start() {
  byId("report").hidden = false;
  byId("theme").hidden = false;
  const titles = new Set(runs.map((run) => run.title));
  setText(byId("title"), titles.size === 1 ? runs[0].title : `${runs.length} runs`);
  const overlay = runs.length > 1 ? createTogether() : null;
  const detail = createDetail();
  if (overlay) {
    createChoices(detail);
  } else {
    detail.show(0);
  }
  const draw = () => {
    overlay?.setTheme();
    detail.setTheme();
  };
  createTheme(byId("theme"), draw);
  watchPrinting(draw);
}

start();
