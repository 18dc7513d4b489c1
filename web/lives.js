// lives.js -- The table of lives: how each ended, and which are drawn over the chart.
import { make, setAttribute, setText } from "./dom.js";
import { isKilled, lifeDuration } from "./model.js";
import { formatBytes, formatDuration } from "./units.js";

const COMPARED_MAX = 6;
const COLUMNS = ["Ended", "Limit", "Policy", "Peak", "Cycles", "Lasted"];

function endOf(life) {
  if (life.state === "running") {
    return "● running";
  }
  return `${isKilled(life) ? "✗" : "■"} ${life.outcome}`;
}

export function policyOf(settings) {
  const { policy, policy_argument: argument, gogc, memory_limit_bytes: memory } = settings;
  const parts = [argument ? `${policy}:${argument}` : policy, `GOGC ${gogc}`];
  if (memory != null) {
    parts.push(`memory limit ${formatBytes(memory)}`);
  }
  if (settings.collector !== "stw") {
    parts.push(settings.collector);
  }
  return parts.join(" · ");
}

// onShow(number): a life was chosen for the chart. onCompare(numbers): others to draw over it.
export function createLives(body, { onShow, onCompare }) {
  const rows = new Map();
  const compared = new Set();

  function toggle(number, box) {
    if (box.checked && compared.size >= COMPARED_MAX) {
      box.checked = false;
      return;
    }
    compared[box.checked ? "add" : "delete"](number);
    onCompare([...compared]);
  }

  function makeRow(number) {
    const box = make("input", { type: "checkbox", "aria-label": `Compare life ${number}`,
      onchange: () => toggle(number, box) });
    const show = make("button", { type: "button", class: "quiet",
      "aria-label": `Show life ${number} in the chart`, onclick: () => onShow(number) },
    String(number));
    const cells = COLUMNS.map((name) => make("td", { "data-label": name }));
    const row = make("tr", {}, make("td", { "data-label": "Compare" }, box),
      make("th", { scope: "row", "data-label": "Life" }, show), ...cells);
    return { row, cells, show };
  }

  return {
    // Newest first.
    show(model, shownLife) {
      const numbers = model.lives.map((life) => life.life);
      for (const [number, { row }] of rows) {
        if (!numbers.includes(number)) {
          row.remove();
          rows.delete(number);
          compared.delete(number);
        }
      }
      for (const life of model.lives) {
        if (!rows.has(life.life)) {
          rows.set(life.life, makeRow(life.life));
          body.prepend(rows.get(life.life).row);
        }
        const { row, cells, show } = rows.get(life.life);
        const texts = [endOf(life), formatBytes(life.settings.limit_bytes),
          policyOf(life.settings), formatBytes(life.cage_peak_bytes), String(life.num_gc),
          formatDuration(lifeDuration(model, life))];
        texts.forEach((text, index) => setText(cells[index], text));
        setAttribute(cells[0], "title", life.verdict ?? "");
        row.classList.toggle("is-killed", isKilled(life));
        row.classList.toggle("is-shown", life === shownLife);
        setAttribute(show, "aria-pressed", String(life === shownLife));
      }
    },
  };
}
