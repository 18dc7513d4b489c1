// cage_report.js -- The chart of a caged program's report; all else is in the file as text.
import { byId, setText } from "./dom.js";
import { createChart } from "./chart.js";
import { createTheme } from "./theme.js";
import { formatBytes, formatSeconds } from "./units.js";

const { summary, series, events } = JSON.parse(byId("oomlab-cage").textContent);
const { limit_bytes: limit, watchdog, wall_ns: wallNs } = summary;

// When something happened: no later than the end, though it may have been read of later.
const atMs = (ns) => Math.min(ns, wallNs) / 1e6;

function marksOf() {
  const kills = summary.kills.filter((kill) => !kill.is_command)
    .map((kill) => ({ at_ms: atMs(kill.at_ns), text: `✗ ${kill.name}`, colour: "dead" }));
  const acted = watchdog?.acted_at_ns == null ? []
    : [{ at_ms: atMs(watchdog.acted_at_ns), text: "watchdog acts", colour: "forced" }];
  return [...kills, ...acted].sort((one, other) => one.at_ms - other.at_ms);
}

function levelsOf() {
  const shares = limit == null ? [] : summary.above.map(({ percent }) =>
    ({ bytes: (limit * percent) / 100, text: `${percent} %`, colour: "muted" }));
  return watchdog == null || watchdog.measure !== "usage" ? shares
    : [...shares, { bytes: watchdog.threshold_bytes, text: "", colour: "forced" }];
}

// As chart.js wants it. A command that outlived the kills of its children ends without a box.
const life = {
  state: "ended",
  outcome: summary.is_command_oom_killed || !/^oom-killed/.test(summary.outcome)
    ? summary.outcome : "ended",
  verdict: byId("verdict-title").textContent,
  wall_ns: wallNs,
  cage_peak_bytes: summary.cage_peak_bytes,
  settings: { limit_bytes: limit },
  series: {
    at_ms: series.at_ns.map((ns) => ns / 1e6),
    cage_bytes: series.cage_bytes,
    rss_bytes: series.rss_bytes.map((bytes) => bytes || null),
  },
  gcs: [],
  marks: marksOf(),
  levels: levelsOf(),
};

function momentText(index) {
  if (index == null || index >= series.at_ns.length) {
    return "";
  }
  const cage = series.cage_bytes[index];
  const share = limit == null ? "" : ` (${Math.round((100 * cage) / limit)} %)`;
  const rss = series.rss_bytes[index];
  return `at ${formatSeconds(series.at_ns[index] / 1e9)}: usage ${formatBytes(cage)}${share}${
    rss ? `, RSS ${formatBytes(rss)}` : ""}`;
}

function start() {
  const element = byId("chart");
  document.body.classList.toggle("is-unlimited", limit == null);
  document.body.classList.toggle("is-unwatched", watchdog?.measure !== "usage");
  byId("theme").hidden = false;
  if (series.at_ns.length === 0) {
    createTheme(byId("theme"), () => {});
    return; // The curve in text says as much as there is.
  }
  element.replaceChildren();
  byId("legend").hidden = false;
  const chart = createChart(element, {
    onHover: (index) => setText(byId("moment"), momentText(index)),
  });
  chart.setLife(life);
  createTheme(byId("theme"), () => chart.setTheme());
}

start();
