// numbers.js -- The table beside the chart: its legend, its numbers, and what the words mean.
import { make, setText } from "./dom.js";
import { formatBytes, formatSeconds } from "./units.js";

const ROWS = [
  ["limit", "limit", "what the kernel grants the cage"],
  ["cage", "cage usage", "what the kernel counts; at the limit it kills"],
  ["heap", "heap alloc", "live and garbage together"],
  ["live", "live heap", "what the program can still reach"],
  ["garbage", "garbage", "dead, but not collected"],
  ["goal", "next gc", "the heap size planned for the next collection"],
  ["rss", "RSS", "the process's resident memory"],
  ["cycles", "cycles", "collections so far, and how many were forced"],
];

function goalText(numbers) {
  if (numbers.isNever) {
    return ["never", "none is planned"];
  }
  const sign = numbers.beyond > 0 ? "+" : "−";
  return [formatBytes(numbers.goal), `limit ${sign} ${formatBytes(Math.abs(numbers.beyond))}`];
}

export function createNumbers(body, caption) {
  const cells = {};
  for (const [name, title, meaning] of ROWS) {
    const value = make("span", { class: "value" }, "–");
    const note = make("span", { class: "value-note" });
    cells[name] = { value, note, row: make("tr", { "data-line": name },
      make("th", { scope: "row" }, make("i", { class: `line line-${name}`, "aria-hidden": "true" }),
        make("span", {}, title, make("small", {}, meaning))),
      make("td", {}, value, note)) };
    body.append(cells[name].row);
  }

  function set(name, text, note = "") {
    setText(cells[name].value, text);
    setText(cells[name].note, note);
  }

  return {
    // isNow is false while the pointer asks for another moment.
    show(life, numbers, isNow) {
      setText(caption, !numbers ? "Now" : isNow && life.state === "running" ? "Now"
        : isNow ? "At the last look" : `At ${formatSeconds(numbers.at_ms / 1000)}`);
      for (const name of ["heap", "live", "garbage", "rss"]) {
        set(name, formatBytes(numbers?.[name]));
      }
      const peak = life?.cage_peak_bytes ?? 0;
      set("cage", formatBytes(numbers?.cage),
        peak > (numbers?.cage ?? 0) ? `peak ${formatBytes(peak)}` : "");
      set("limit", formatBytes(life?.settings.limit_bytes));
      set("goal", ...(numbers ? goalText(numbers) : ["–"]));
      cells.goal.row.classList.toggle("is-beyond", Boolean(numbers) &&
        (numbers.isNever || numbers.beyond > 0));
      const forced = life?.gcs.filter((gc) => gc.is_forced).length ?? 0;
      set("cycles", life ? String(life.num_gc) : "–", forced ? `${forced} forced` : "");
    },
  };
}
