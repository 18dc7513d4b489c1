// view.js -- Shows a model: verdict, meter, chart, numbers and lives. It asks no server anything.
import { byId, setAttribute, setText } from "./dom.js";
import { createChart } from "./chart.js";
import { createLives } from "./lives.js";
import { createMeter } from "./meter.js";
import { createNumbers } from "./numbers.js";
import { createTheme } from "./theme.js";
import { createVerdict } from "./verdict.js";
import { findLife, isKilled, lastLife, numbersAt } from "./model.js";
import { formatBytes, formatDuration } from "./units.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const CALM_PERIOD_MS = 1000;

function chartWords(life, numbers) {
  if (!life || !numbers) {
    return "Memory over time: no heap yet.";
  }
  const end = isKilled(life) ? `; it ended: ${life.verdict}` : "";
  return `Memory of life ${life.life} over ${formatDuration(numbers.at_ms * 1e6)}: the cage holds ${
    formatBytes(numbers.cage)} of ${formatBytes(numbers.limit)}, next gc ${
    formatBytes(numbers.goal)}, ${life.num_gc} collections${end}.`;
}

export function createView(model, { onHint } = {}) {
  let chosen = null; // The number of the life that the user wants to see; null is the newest.
  let compared = [];
  let hovered = null;
  let lastDrawnMs = 0;

  const shownLife = () => findLife(model, chosen) ?? lastLife(model);
  const verdict = createVerdict({ onHint });
  const meter = createMeter(byId("meter"));
  const numbers = createNumbers(byId("numbers"), byId("numbers-caption"));
  const chart = createChart(byId("chart"), {
    isCalm: () => calm.matches,
    onNote: (text) => setText(byId("chart-note"), text),
    onHover: (index) => {
      hovered = index;
      showNumbers();
    },
  });
  const theme = createTheme(byId("theme"), () => chart.setTheme());
  const lives = createLives(byId("lives"), {
    onShow: (number) => {
      chosen = number === lastLife(model)?.life ? null : number;
      show();
    },
    onCompare: (chosenNumbers) => {
      compared = chosenNumbers;
      if (compared.length > 0) {
        setWindow(null);
      }
      show();
    },
  });

  function setWindow(seconds) {
    for (const button of document.querySelectorAll("[data-window]")) {
      const isThis = button.dataset.window === String(seconds ?? "");
      button.setAttribute("aria-pressed", String(isThis));
    }
    chart.setWindow(seconds);
  }

  for (const button of document.querySelectorAll("[data-window]")) {
    button.addEventListener("click", () => setWindow(Number(button.dataset.window) || null));
  }
  byId("follow").addEventListener("click", () => {
    chosen = null;
    show();
  });

  function showNumbers() {
    const life = shownLife();
    const atPointer = life && hovered != null ? numbersAt(life, hovered) : null;
    numbers.show(life, atPointer ?? (life ? numbersAt(life) : null), !atPointer);
  }

  // Everything that changes with a sample.
  function showMoment() {
    const life = shownLife();
    verdict.show(life, model.settings);
    showNumbers();
    const isSlow = calm.matches && life?.state === "running";
    if (isSlow && Date.now() - lastDrawnMs < CALM_PERIOD_MS) {
      return;
    }
    lastDrawnMs = Date.now();
    const now = life ? numbersAt(life) : null;
    meter.show(life ?? null, now, (life?.settings ?? model.settings)?.limit_bytes ?? 0);
    chart.setLife(life ?? null);
  }

  // Everything: a life has begun or ended, or another is to be seen.
  function show() {
    const life = shownLife();
    lastDrawnMs = 0;
    setText(byId("stage-title"), life ? `Memory of life ${life.life}` : "Memory over time");
    byId("follow").hidden = life === lastLife(model);
    chart.setOthers(compared.map((number) => findLife(model, number))
      .filter((other) => other && other !== life));
    showMoment();
    describe();
  }

  function describe() {
    const life = shownLife();
    lives.show(model, life);
    setAttribute(byId("chart"), "aria-label", chartWords(life, life && numbersAt(life)));
    document.title = life && isKilled(life) ? "✗ killed · oomlab" : "oomlab";
  }

  return { show, showMoment, describe, setWindow, theme,
    follow() { chosen = null; },
    isWhole: () => document.querySelector('[data-window=""]').ariaPressed === "true" };
}
