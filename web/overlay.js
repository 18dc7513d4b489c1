// overlay.js -- Several runs over each other: one measure, each run in its own colour and dashes.
//
// Runs are as src/chart/html.c writes them; all begin at the left edge.
import uPlot from "uplot";
import { readPalette } from "./palette.js";
import { GIB, KIB, MIB, formatBytes, formatTick, formatTimes, isNever } from "./units.js";

export const MEASURES = [
  { name: "cage_bytes", title: "cage" },
  { name: "heap_bytes", title: "heap" },
  { name: "goal_bytes", title: "next GC" },
  { name: "rss_bytes", title: "RSS" },
];
export const RUN_COLOURS = 6;
const DASHES = [[], [9, 4], [2, 4], [12, 4, 2, 4], [5, 3], [14, 3, 3, 3, 3, 3]];

const NARROW_PIXELS = 560;
const NAME_MAX = 20; // Characters of a name beside its curve; the list below has all of it.
const LABEL_GAP = 16;
const GOAL_STRETCH = 2.6; // As chart.js has it.
const TICKS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const TICK_BYTES = [1, KIB, MIB, GIB, 1024 * GIB].flatMap((unit) =>
  TICKS.map((tick) => tick * unit));
const NAMES = ["limit", "muted", "grid", "surface", "ink",
  ...Array.from({ length: RUN_COLOURS }, (_, index) => `run-${index + 1}`)];

export const colourName = (index) => `run-${index % RUN_COLOURS + 1}`;
// Runs of the same colour differ in their dashes.
export const dashOf = (index) =>
  DASHES[(index + Math.floor(index / RUN_COLOURS)) % DASHES.length];
const pixel = (value) => value * uPlot.pxRatio;

// What the byte axis reaches: all that is drawn, and goals as far as there is sense in it.
function topBytes(runs, shown, measure) {
  let top = KIB;
  runs.forEach((run, index) => {
    if (!shown[index]) {
      return;
    }
    const limit = run.limit_bytes ?? 0;
    const most = measure === "goal_bytes" ? Math.max(limit, run.peak_bytes) * GOAL_STRETCH
      : Infinity;
    top = Math.max(top, limit);
    for (const bytes of run.series[measure]) {
      if (bytes != null && !isNever(bytes)) {
        top = Math.max(top, Math.min(bytes, most));
      }
    }
  });
  return top * 1.1;
}

function drawLine(plot, y, colour) {
  const { ctx, bbox } = plot;
  ctx.strokeStyle = colour;
  ctx.lineWidth = pixel(2);
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
}

// The point at which a run's curve ends, in canvas pixels.
function endOf(plot, run, measure) {
  const index = run.series[measure].findLastIndex((bytes) => bytes != null && !isNever(bytes));
  if (index < 0) {
    return null;
  }
  return { x: plot.valToPos(run.end_ns / 1e9, "x", true),
    y: Math.max(plot.bbox.top, plot.valToPos(run.series[measure][index], "y", true)) };
}

function drawCross(plot, { x, y }, colour, ground) {
  const { ctx } = plot;
  const arm = pixel(4);
  ctx.setLineDash([]);
  ctx.fillStyle = ground;
  ctx.strokeStyle = colour;
  ctx.lineWidth = pixel(2.4);
  ctx.beginPath();
  ctx.arc(x, y, pixel(8.5), 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(x - arm, y - arm);
  ctx.lineTo(x + arm, y + arm);
  ctx.moveTo(x - arm, y + arm);
  ctx.lineTo(x + arm, y - arm);
  ctx.stroke();
}

// Names at the right edge, none over another.
function drawNames(plot, labels, font) {
  const { ctx, bbox } = plot;
  const edge = bbox.left + bbox.width;
  const gap = pixel(LABEL_GAP);
  labels.sort((one, other) => one.wantedY - other.wantedY);
  labels.forEach((label, index) => {
    label.y = index ? Math.max(label.wantedY, labels[index - 1].y + gap) : label.wantedY;
  });
  let lowest = bbox.top + bbox.height;
  for (const label of [...labels].reverse()) {
    label.y = Math.min(label.y, lowest);
    lowest = label.y - gap;
  }
  ctx.font = `600 ${pixel(12)}px ${font}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.setLineDash([]);
  for (const label of labels) {
    ctx.strokeStyle = label.colour;
    ctx.lineWidth = pixel(1);
    ctx.globalAlpha = 0.6;
    ctx.beginPath();
    ctx.moveTo(label.x, label.wantedY);
    ctx.lineTo(edge, label.wantedY);
    ctx.lineTo(edge + pixel(10), label.y);
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillStyle = label.colour;
    ctx.fillText(label.text, edge + pixel(14), label.y);
  }
}

function cut(name) {
  return name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name;
}

// setMeasure(name), setShown(index, isShown), setTheme(). onHover(seconds or null, valuesAt): the
// bytes of each run at that time, null where it has ended or not begun.
export function createOverlay(element, runs, { onHover }) {
  const state = { measure: MEASURES[0].name, shown: runs.map(() => true), isNarrow: false };
  const endSeconds = Math.max(1e-6, ...runs.map((run) => run.end_ns / 1e9)) * 1.04;
  let palette = readPalette(element, NAMES);
  let plot = null;

  function columns() {
    const tables = runs.map((run) => [run.series.at_ms.map((ms) => ms / 1000),
      run.series[state.measure].map((bytes) => (isNever(bytes) ? null : bytes))]);
    return uPlot.join(tables);
  }

  function draw(self) {
    const { ctx } = self;
    const labels = [];
    ctx.save();
    const limits = new Set(runs.filter((_, index) => state.shown[index])
      .map((run) => run.limit_bytes).filter((bytes) => bytes != null));
    for (const bytes of limits) {
      const y = self.valToPos(bytes, "y", true);
      drawLine(self, y, palette.limit);
      labels.push({ wantedY: y, x: self.bbox.left + self.bbox.width, colour: palette.limit,
        text: state.isNarrow ? "limit" : `limit ${formatBytes(bytes)}` });
    }
    runs.forEach((run, index) => {
      const end = state.shown[index] ? endOf(self, run, state.measure) : null;
      if (!end) {
        return;
      }
      const colour = palette[colourName(index)];
      if (run.is_dead) {
        drawCross(self, end, colour, palette.surface);
      }
      if (!state.isNarrow) {
        labels.push({ wantedY: end.y, x: end.x, colour, text: cut(run.name) });
      }
    });
    drawNames(self, labels, palette.font);
    ctx.restore();
  }

  function create() {
    plot?.destroy();
    const { width, height } = element.getBoundingClientRect();
    state.isNarrow = width < NARROW_PIXELS;
    const axis = { stroke: () => palette.muted, font: `12px ${palette.font}`,
      grid: { stroke: () => palette.grid, width: 1 }, ticks: { show: false } };
    const isGoal = state.measure === "goal_bytes";
    plot = new uPlot({
      width: Math.max(200, Math.floor(width)),
      height: Math.max(160, Math.floor(height)),
      padding: [16, state.isNarrow ? 52 : 160, 0, 0],
      scales: {
        x: { time: false, range: () => [0, endSeconds] },
        y: { range: () => [0, topBytes(runs, state.shown, state.measure)] },
      },
      axes: [
        { ...axis, values: (_, ticks) => formatTimes(ticks), space: 64, size: 30 },
        { ...axis, values: (_, ticks) => ticks.map(formatTick), incrs: TICK_BYTES, space: 40,
          size: 58 },
      ],
      series: [{}, ...runs.map((_, index) => ({
        stroke: () => palette[colourName(index)], width: 2.2, spanGaps: true,
        show: state.shown[index], points: { show: false }, dash: dashOf(index),
        ...isGoal ? { paths: uPlot.paths.stepped({ align: 1 }) } : {},
      }))],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      hooks: {
        draw: [draw],
        setCursor: [(self) => hover(self.cursor.idx ?? null)],
      },
    }, columns(), element);
  }

  function hover(index) {
    if (index == null) {
      onHover(null, runs.map(() => null));
      return;
    }
    const seconds = plot.data[0][index];
    onHover(seconds, runs.map((run, number) => {
      const column = plot.data[number + 1];
      const at = seconds * 1e9 > run.end_ns ? -1
        : column.findLastIndex((bytes, place) => place <= index && bytes != null);
      return at < 0 ? null : column[at];
    }));
  }

  create();
  new ResizeObserver(() => {
    const { width, height } = element.getBoundingClientRect();
    if (width < NARROW_PIXELS !== state.isNarrow) {
      create();
    } else if (width > 0) {
      plot.setSize({ width: Math.floor(width), height: Math.floor(height) });
    }
  }).observe(element);

  return {
    setMeasure(name) {
      state.measure = name;
      create();
    },
    setShown(index, isShown) {
      state.shown[index] = isShown;
      plot.setSeries(index + 1, { show: isShown });
    },
    setTheme() {
      palette = readPalette(element, NAMES);
      create();
    },
  };
}
