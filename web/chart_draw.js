// chart_draw.js -- What the chart shows besides its curves: limit, collections, the kill, labels.
//
// Everything here draws on uPlot's canvas, whose units are device pixels.
import uPlot from "uplot";
import { faded, hatch } from "./palette.js";
import { formatBytes, isNever } from "./units.js";

const LABEL_GAP = 16; // Between two labels at the right edge, in CSS pixels.
const MARK_GAP = 46; // A collection closer to its neighbour than this has no words.
const DASHES = [[8, 3, 2, 3], [12, 4], [4, 4], [2, 3], [14, 3, 3, 3], [1, 5]];

const pixel = (value) => value * uPlot.pxRatio;
const yOf = (plot, bytes) => plot.valToPos(bytes, "y", true);
const xOf = (plot, seconds) => plot.valToPos(seconds, "x", true);

function isInside(plot, x) {
  return x >= plot.bbox.left - 1 && x <= plot.bbox.left + plot.bbox.width + 1;
}

function setFont(plot, palette, size, weight = "") {
  plot.ctx.font = `${weight} ${pixel(size)}px ${palette.font}`.trim();
}

function strokeLine(plot, points, colour, width, dash = []) {
  const { ctx } = plot;
  ctx.strokeStyle = colour;
  ctx.lineWidth = pixel(width);
  ctx.setLineDash(dash.map((length) => pixel(length)));
  ctx.beginPath();
  points.forEach(([x, y], index) => (index ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.stroke();
  ctx.setLineDash([]);
}

// What the program was at: every second phase has a ground of its own.
function drawPhases(plot, { life, palette }) {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  ctx.fillStyle = faded(palette.muted, 0.09);
  (life?.phases ?? []).forEach((phase, index) => {
    const start = Math.max(left, xOf(plot, phase.at_ms / 1000));
    const end = Math.min(left + width, xOf(plot, phase.end_ms / 1000));
    if (index % 2 === 0) {
      ctx.fillRect(start, top, Math.max(0, end - start), height);
    }
  });
}

// The zone above the limit, which no cage ever reaches: a goal in there is never met.
export function drawBelow(plot, state) {
  const { life, palette } = state;
  drawPhases(plot, state);
  if (life?.settings.limit_bytes == null) {
    return;
  }
  const { ctx } = plot;
  const { left, top, width } = plot.bbox;
  const limitY = yOf(plot, life.settings.limit_bytes);
  if (limitY <= top) {
    return;
  }
  ctx.save();
  ctx.fillStyle = hatch(ctx, palette.beyond, 1, false);
  ctx.fillRect(left, top, width, limitY - top);
  ctx.restore();
}

// Words above a line at y, on a ground of their own.
function drawWords(plot, palette, text, y, colour, x = plot.bbox.left + pixel(8)) {
  const { ctx } = plot;
  setFont(plot, palette, 11.5);
  ctx.fillStyle = palette.surface;
  ctx.fillRect(x, y - pixel(17), ctx.measureText(text).width + pixel(10), pixel(16));
  ctx.fillStyle = colour;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.fillText(text, x + pixel(5), y - pixel(5));
}

// The names of phases, along the lower edge where there is room.
function drawPhaseNames(plot, { life, palette }) {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  for (const phase of life.phases ?? []) {
    const start = Math.max(left, xOf(plot, phase.at_ms / 1000));
    const end = Math.min(left + width, xOf(plot, phase.end_ms / 1000));
    setFont(plot, palette, 11.5);
    if (ctx.measureText(phase.name).width + pixel(14) <= end - start) {
      drawWords(plot, palette, phase.name, top + height - pixel(2), palette.muted,
        start + pixel(2));
    }
  }
}

function drawOthers(plot, { others, palette, life }) {
  others.forEach((other, index) => {
    const { at_ms: at, cage_bytes: cage } = other.series;
    const points = at.map((ms, point) => [xOf(plot, ms / 1000), yOf(plot, cage[point])]);
    const dash = DASHES[index % DASHES.length];
    if (points.length === 0) {
      return;
    }
    if (/^oom-killed/.test(other.outcome ?? "")) {
      points.push([xOf(plot, other.wall_ns / 1e9), yOf(plot, other.cage_peak_bytes)]);
    }
    strokeLine(plot, points, palette.ink, 2, dash);
    if (other.settings.limit_bytes !== life?.settings.limit_bytes) {
      const y = yOf(plot, other.settings.limit_bytes);
      strokeLine(plot, [points[0], points.at(-1)].map(([x]) => [x, y]), palette.limit, 1, dash);
    }
    const [x, y] = points.at(-1);
    setFont(plot, palette, 12, "600");
    const { ctx } = plot;
    ctx.fillStyle = palette.ink;
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    const mark = /killed/.test(other.outcome ?? "") ? " ✗" : "";
    ctx.fillText(`life ${other.life}${mark}`, x, y - pixel(5));
  });
}

function drawGcMark(plot, palette, x, isForced) {
  const { ctx } = plot;
  const y = plot.bbox.top - pixel(5);
  const half = pixel(4.5);
  ctx.beginPath();
  if (isForced) { // A hollow diamond; what the pacer planned is a full triangle.
    ctx.moveTo(x, y - half * 1.2);
    ctx.lineTo(x + half, y);
    ctx.lineTo(x, y + half * 1.2);
    ctx.lineTo(x - half, y);
    ctx.closePath();
    ctx.fillStyle = palette.surface;
    ctx.fill();
    ctx.strokeStyle = palette.forced;
    ctx.lineWidth = pixel(1.8);
    ctx.stroke();
  } else {
    ctx.moveTo(x - half, y - half);
    ctx.lineTo(x + half, y - half);
    ctx.lineTo(x, y + half);
    ctx.closePath();
    ctx.fillStyle = palette.ink;
    ctx.fill();
  }
}

function drawGcs(plot, { life, palette }) {
  const { ctx } = plot;
  const { top, height } = plot.bbox;
  let wordsEnd = -Infinity;
  for (const gc of life.gcs) {
    const x = xOf(plot, gc.at_ms / 1000);
    if (!isInside(plot, x)) {
      continue;
    }
    const colour = gc.is_forced ? palette.forced : palette.ink;
    ctx.globalAlpha = 0.55;
    strokeLine(plot, [[x, top], [x, top + height]], colour, gc.is_forced ? 1.4 : 1,
      gc.is_forced ? [] : [2, 3]);
    ctx.globalAlpha = 1;
    drawGcMark(plot, palette, x, gc.is_forced);
    if (x - wordsEnd > pixel(MARK_GAP) / 2) {
      const words = gc.is_forced ? `gc ${gc.number} forced` : `gc ${gc.number}`;
      setFont(plot, palette, 11.5);
      ctx.fillStyle = colour;
      ctx.textAlign = "center";
      ctx.textBaseline = "bottom";
      ctx.fillText(words, x, top - pixel(13));
      wordsEnd = x + ctx.measureText(words).width;
    }
  }
}

// What a report marks besides collections: { at_ms, text, colour }.
function drawMarks(plot, { life, palette }) {
  const { ctx } = plot;
  const { top, height } = plot.bbox;
  let wordsEnd = -Infinity;
  setFont(plot, palette, 11.5, "600");
  for (const mark of life.marks ?? []) {
    const x = xOf(plot, mark.at_ms / 1000);
    if (!isInside(plot, x)) {
      continue;
    }
    const colour = palette[mark.colour];
    strokeLine(plot, [[x, top], [x, top + height]], colour, 2, [5, 3]);
    const width = ctx.measureText(mark.text).width;
    const right = Math.min(ctx.canvas.width - pixel(2), x + width / 2);
    if (right - width > wordsEnd) {
      ctx.fillStyle = colour;
      ctx.textAlign = "right";
      ctx.textBaseline = "bottom";
      ctx.fillText(mark.text, right, top - pixel(6));
      wordsEnd = right + pixel(6);
    }
  }
}

// Shares of the limit, and a watchdog's threshold: { bytes, text, colour }.
function drawLevels(plot, { life, palette }) {
  const { left, top, width } = plot.bbox;
  for (const level of life.levels ?? []) {
    const y = yOf(plot, level.bytes);
    if (y > top) {
      const isOwn = level.text === "";
      strokeLine(plot, [[left, y], [left + width, y]], palette[level.colour], isOwn ? 2 : 1,
        isOwn ? [6, 4] : [2, 4]);
      if (!isOwn) {
        drawWords(plot, palette, level.text, y, palette[level.colour]);
      }
    }
  }
}

function drawLimit(plot, { life, palette }) {
  if (life.settings.limit_bytes == null) {
    return;
  }
  const { left, top, width } = plot.bbox;
  const y = yOf(plot, life.settings.limit_bytes);
  if (y - top > pixel(34)) {
    drawWords(plot, palette, "beyond the limit", y - pixel(7), palette.limit);
  }
  strokeLine(plot, [[left, y], [left + width, y]], palette.limit, 3);
}

// The outcome and how far it came, in a box beside the line at which the life ended.
function killWords(life) {
  const comma = (life.verdict ?? "").lastIndexOf(", ");
  const detail = comma > 0 ? life.verdict.slice(comma + 2) : "";
  const title = /^oom-killed/.test(life.outcome) ? "OOM-KILLED" : life.outcome.toUpperCase();
  return { title: `✗ ${title}`, detail };
}

function drawKillBox(plot, { life, palette }, x, y) {
  const { ctx } = plot;
  const { title, detail } = killWords(life);
  const pad = pixel(9);
  setFont(plot, palette, 12);
  let width = detail ? ctx.measureText(detail).width : 0;
  setFont(plot, palette, 15, "700");
  width = Math.max(width, ctx.measureText(title).width) + 2 * pad;
  const height = pixel(detail ? 46 : 30);
  const { left, top } = plot.bbox;
  const roomAbove = y - top - pixel(12);
  const boxTop = roomAbove >= height ? y - height - pixel(10) : y + pixel(14);
  const boxLeft = Math.max(left + pixel(2), x - width - pixel(10));
  ctx.fillStyle = palette.dead;
  ctx.beginPath();
  ctx.roundRect(boxLeft, boxTop, width, height, pixel(4));
  ctx.fill();
  ctx.fillStyle = palette["on-dead"];
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillText(title, boxLeft + pad, boxTop + pixel(16));
  setFont(plot, palette, 12);
  ctx.fillText(detail, boxLeft + pad, boxTop + pixel(34));
}

function drawEnd(plot, state) {
  const { life, palette } = state;
  if (life.state !== "ended" || life.wall_ns == null) {
    return;
  }
  const x = xOf(plot, life.wall_ns / 1e9);
  const { top, height } = plot.bbox;
  if (!isInside(plot, x)) {
    return;
  }
  if (!/killed|out-of-memory/.test(life.outcome ?? "")) {
    strokeLine(plot, [[x, top], [x, top + height]], palette.muted, 2);
    return;
  }
  const { ctx } = plot;
  const endBytes = Math.min(life.cage_peak_bytes, life.settings.limit_bytes ?? Infinity);
  const y = Math.max(top, yOf(plot, endBytes));
  strokeLine(plot, [[x, top], [x, top + height]], palette.dead, 3);
  drawKillBox(plot, state, x, y);
  ctx.fillStyle = palette.dead;
  ctx.beginPath();
  ctx.arc(x, y, pixel(11), 0, 2 * Math.PI);
  ctx.fill();
  const arm = pixel(4.5);
  strokeLine(plot, [[x - arm, y - arm], [x + arm, y + arm]], palette["on-dead"], 2.6);
  strokeLine(plot, [[x - arm, y + arm], [x + arm, y - arm]], palette["on-dead"], 2.6);
}

// Names at the right edge, each at its curve's end and none over another.
function drawLabels(plot, { life, palette, isNarrow }) {
  const last = plot.data[0].length - 1;
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const labels = [];
  const add = (name, bytes, colour) => {
    if (bytes != null && !isNever(bytes)) {
      labels.push({ name, bytes, colour });
    }
  };
  add("limit", life.settings.limit_bytes, palette.limit);
  if (last >= 0) {
    const at = plot.data.map((column) => column.findLast((value) => value != null));
    add("cage", at[1], palette.cage);
    if (!life.series.heap_bytes) {
      add("RSS", at[2], palette.rss);
    }
    add("heap", at[3], palette.heap);
    add("live", at[4], palette.live);
    add("next gc", at[5], palette.goal);
  }
  for (const label of labels) {
    label.wantedY = yOf(plot, label.bytes);
    label.isAbove = label.wantedY < top;
    label.y = Math.min(Math.max(label.wantedY, top + pixel(6)), top + height);
  }
  labels.sort((one, other) => one.y - other.y);
  const gap = pixel(LABEL_GAP);
  labels.forEach((label, index) => {
    label.y = index ? Math.max(label.y, labels[index - 1].y + gap) : label.y;
  });
  let lowest = top + height - pixel(4);
  for (const label of [...labels].reverse()) {
    label.y = Math.min(label.y, lowest);
    lowest = label.y - gap;
  }
  const edge = left + width;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const endX = last >= 0 ? Math.min(edge, xOf(plot, plot.data[0][last])) : edge;
  for (const label of labels) {
    const from = Math.max(top, label.wantedY);
    ctx.globalAlpha = 0.4; // From the curve's end to its name.
    strokeLine(plot, [[endX, from], [edge, from]], label.colour, 1, [2, 4]);
    ctx.globalAlpha = 1;
    strokeLine(plot, [[edge + pixel(1), from], [edge + pixel(8), label.y],
      [edge + pixel(11), label.y]], label.colour, 1.4);
    setFont(plot, palette, 12, label.name === "limit" ? "700" : "600");
    ctx.fillStyle = label.colour;
    const value = isNarrow ? "" : ` ${formatBytes(label.bytes)}`;
    ctx.fillText(`${label.name}${value}${label.isAbove ? " ↑" : ""}`, edge + pixel(14),
      label.y);
  }
}

export function drawAbove(plot, state) {
  const { ctx } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  ctx.clip();
  drawOthers(plot, state);
  ctx.restore();
  ctx.save();
  if (state.life) {
    drawPhaseNames(plot, state);
    drawLevels(plot, state);
    drawLimit(plot, state);
    drawGcs(plot, state);
    drawMarks(plot, state);
    drawEnd(plot, state);
    drawLabels(plot, state);
  }
  ctx.restore();
}
