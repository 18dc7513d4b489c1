// chart.js -- The memory of one life over time, drawn from a plain LIFE object.
//
// It knows no server and no page: an element, a LIFE, and others to compare with are all it takes,
// so that a report without a server can use it too. A program that has no heap of ours leaves out
// the heap's series, and may have marks and levels of its own.
import uPlot from "uplot";
import { drawBelow, drawAbove } from "./chart_draw.js";
import { faded, hatch, readPalette } from "./palette.js";
import { GIB, KIB, MIB, formatTick, formatTimes, isNever } from "./units.js";

const NARROW_PIXELS = 560;
const SECONDS_MIN = 0.2; // Of an axis: some lives are shorter.
const GOAL_STRETCH = 2.6; // Up to this many limits the scale grows to show the goal.
const TICKS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const TICK_BYTES = [KIB, MIB, GIB].flatMap((unit) => TICKS.map((tick) => tick * unit));

export const SERIES = { time: 0, cage: 1, rss: 2, heap: 3, live: 4, goal: 5 };

function largest(values, fallback) {
  return values.reduce((most, value) => (value > most ? value : most), fallback);
}

// uPlot's columns. A goal that stands for "never" is no number to draw.
function columnsOf(life) {
  const { at_ms: at, cage_bytes: cage, rss_bytes: rss, heap_bytes: heap, live_bytes: live,
    goal_bytes: goal } = life.series;
  const columnOf = (values) => at.map((_, index) => values?.[index] ?? null);
  const columns = [
    at.map((ms) => ms / 1000), [...cage], columnOf(rss), columnOf(heap), columnOf(live),
    columnOf(goal).map((bytes) => (isNever(bytes) ? null : bytes)),
  ];
  // The last look is taken up to a period before the kill; the kernel's own peak ends the curve.
  const seconds = (life.wall_ns ?? 0) / 1e9;
  if (/^oom-killed/.test(life.outcome ?? "") && at.length > 0 && seconds > columns[0].at(-1)) {
    columns.forEach((column) => column.push(column.at(-1)));
    columns[SERIES.time][at.length] = seconds;
    columns[SERIES.cage][at.length] = Math.max(life.cage_peak_bytes, cage.at(-1));
  }
  return columns;
}

function endSeconds(life) {
  return Math.max(life.series.at_ms.at(-1) ?? 0, (life.wall_ns ?? 0) / 1e6) / 1000;
}

// setLife(life), setOthers(lives), setWindow(seconds or null), setTheme(), destroy().
// options: onHover(index or null), onNote(text), isCalm(): whether the time axis moves by jumps,
// secondsMin: the shortest time axis.
export function createChart(element, options = {}) {
  const state = { life: null, others: [], windowSeconds: null, palette: readPalette(element),
    note: "", isNarrow: false };
  let plot = null;
  let frame = 0;

  function rangeSeconds() {
    const { life, others, windowSeconds } = state;
    const isRunning = life?.state === "running";
    let end = life ? endSeconds(life) : 0;
    if (windowSeconds == null) {
      end = largest(others.map(endSeconds), end);
    }
    const step = options.isCalm?.() ? 15 : 1;
    const max = isRunning || !life ? Math.max(10, Math.ceil(end / step) * step)
      : Math.max(options.secondsMin ?? SECONDS_MIN, end * 1.04);
    return [windowSeconds == null ? 0 : Math.max(0, max - windowSeconds), max];
  }

  function rangeBytes() {
    const limit = state.life ? state.life.settings.limit_bytes ?? 0 : 32 * MIB;
    const [min, max] = rangeSeconds();
    let top = limit * 1.15;
    let goal = 0;
    const columns = plot?.data ?? [[]];
    columns[SERIES.time].forEach((seconds, index) => {
      if (seconds >= min && seconds <= max) {
        top = largest([SERIES.cage, SERIES.rss, SERIES.heap].map((at) => columns[at][index]), top);
        goal = Math.max(goal, columns[SERIES.goal][index] ?? 0);
      }
    });
    for (const other of state.others) {
      top = largest([other.settings.limit_bytes, ...other.series.cage_bytes], top);
    }
    const shown = Math.min(goal, limit * GOAL_STRETCH);
    const end = Math.max(top, shown, KIB) * 1.05;
    note(columns[SERIES.goal]?.at(-1) ?? 0, end);
    return [0, end];
  }

  function note(goal, top) {
    const goals = state.life?.series.goal_bytes ?? [];
    const isNeverPlanned = goals.length > 0 && isNever(goals.at(-1));
    const text = isNeverPlanned ? "next gc: never. It has no line on this chart."
      : goal > top ? `next gc is above this chart, at ${formatTick(goal)}.` : "";
    if (text !== state.note) {
      state.note = text;
      options.onNote?.(text);
    }
  }

  const colour = (name) => () => state.palette[name];

  function series() {
    const line = (name, width, dash) => ({
      stroke: colour(name), width, dash, points: { show: false }, spanGaps: true,
    });
    const stepped = uPlot.paths.stepped({ align: 1 });
    const fill = (self) => {
      const shade = self.ctx.createLinearGradient(0, self.bbox.top, 0,
        self.bbox.top + self.bbox.height);
      shade.addColorStop(0, faded(state.palette.cage, 0.25));
      shade.addColorStop(1, faded(state.palette.cage, 0.05));
      return shade;
    };
    return [
      {},
      { ...line("cage", 2.5), fill },
      line("rss", 1.5, [1, 4]),
      line("heap", 2),
      { ...line("live", 2, [9, 3]) },
      { ...line("goal", 2, [6, 4]), paths: stepped },
    ];
  }

  function axes() {
    const axis = {
      stroke: colour("muted"), font: `12px ${state.palette.font}`,
      grid: { stroke: colour("grid"), width: 1 }, ticks: { show: false },
    };
    return [
      { ...axis, values: (_, ticks) => formatTimes(ticks), space: 64, size: 30 },
      { ...axis, values: (_, ticks) => ticks.map(formatTick), incrs: TICK_BYTES, space: 40,
        size: 58 },
    ];
  }

  function create() {
    const { width, height } = element.getBoundingClientRect();
    state.isNarrow = width < NARROW_PIXELS;
    plot = new uPlot({
      width: Math.max(200, Math.floor(width)),
      height: Math.max(160, Math.floor(height)),
      padding: [30, state.isNarrow ? 64 : 146, 0, 0],
      scales: {
        x: { time: false, auto: true, range: rangeSeconds },
        y: { auto: true, range: rangeBytes },
      },
      axes: axes(),
      series: series(),
      bands: [{ series: [SERIES.heap, SERIES.live],
        fill: (self) => hatch(self.ctx, state.palette.garbage, 1.4, true) }],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      hooks: {
        drawClear: [(self) => drawBelow(self, state)],
        draw: [(self) => drawAbove(self, state)],
        setCursor: [(self) => options.onHover?.(self.cursor.idx ?? null)],
      },
    }, state.life ? columnsOf(state.life) : [[], [], [], [], [], []], element);
  }

  function recreate() {
    plot?.destroy();
    create();
  }

  function draw() {
    frame = 0;
    plot.setData(state.life ? columnsOf(state.life) : [[], [], [], [], [], []]);
  }

  function schedule() {
    frame ||= requestAnimationFrame(draw);
  }

  create();
  const observer = new ResizeObserver(() => {
    const { width, height } = element.getBoundingClientRect();
    if (width < NARROW_PIXELS !== state.isNarrow) {
      recreate();
    } else if (width > 0) {
      plot.setSize({ width: Math.floor(width), height: Math.floor(height) });
    }
  });
  observer.observe(element);

  return {
    setLife(life) {
      state.life = life;
      schedule();
    },
    setOthers(lives) {
      state.others = lives;
      schedule();
    },
    setWindow(seconds) {
      state.windowSeconds = seconds;
      schedule();
    },
    setTheme() {
      state.palette = readPalette(element);
      recreate();
    },
    destroy() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      plot.destroy();
    },
  };
}
