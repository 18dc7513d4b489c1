// palette.js -- The chart's colours, read from the style sheet, and its hatched fills.

const NAMES = ["cage", "heap", "live", "goal", "rss", "limit", "garbage", "beyond", "ink", "muted",
  "grid", "surface", "dead", "on-dead", "forced"];

// { cage: "rgb(...)", ... } as theme.css says for the theme in force.
export function readPalette(element, names = NAMES) {
  const probe = document.createElement("i");
  element.append(probe);
  const style = getComputedStyle(probe); // Live: it follows the probe.
  const entries = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, style.color];
  });
  const font = style.fontFamily;
  probe.remove();
  return { ...Object.fromEntries(entries), font };
}

// The same colour, see-through.
export function faded(colour, share) {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${share})`);
}

const TILE_PIXELS = 7;

// A fill of slanted strokes: garbage and the zone beyond the limit are told by more than colour.
export function hatch(context, colour, strokePixels, isRising) {
  const scale = Math.max(1, Math.round(devicePixelRatio));
  const size = TILE_PIXELS * scale;
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext("2d");
  pen.strokeStyle = colour;
  pen.lineWidth = strokePixels * scale;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, isRising ? size + 1 : -1);
    pen.lineTo(shift + size + 1, isRising ? -1 : size + 1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
