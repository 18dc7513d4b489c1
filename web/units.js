// units.js -- Bytes, durations and times of day as people read them, and sizes as they type them.

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

// From here on a goal stands for "never": Go has no smaller word for it than the largest integer.
const NEVER_BYTES_MIN = 2 ** 60;

export function isNever(bytes) {
  return bytes == null || bytes >= NEVER_BYTES_MIN;
}

// "28.8 MiB": one digit behind the point, none for KiB and bytes.
export function formatBytes(bytes) {
  if (bytes == null || Number.isNaN(bytes)) {
    return "–";
  }
  const size = Math.abs(bytes);
  if (size >= NEVER_BYTES_MIN) {
    return "never";
  }
  if (size >= GIB) {
    return `${(bytes / GIB).toFixed(2)} GiB`;
  }
  if (size >= MIB / 10) {
    return `${(bytes / MIB).toFixed(1)} MiB`;
  }
  return size >= KIB ? `${(bytes / KIB).toFixed(0)} KiB` : `${bytes} B`;
}

// For an axis: as few digits as tell the tick from its neighbours.
export function formatTick(bytes) {
  if (bytes === 0) {
    return "0";
  }
  const [unit, name] = bytes >= GIB ? [GIB, "GiB"] : bytes >= MIB ? [MIB, "MiB"] : [KIB, "KiB"];
  return `${+(bytes / unit).toFixed(2)} ${name}`;
}

export function formatDuration(ns) {
  if (ns == null) {
    return "–";
  }
  if (ns < 1e3) {
    return `${Math.round(ns)} ns`;
  }
  if (ns < 1e6) {
    return `${(ns / 1e3).toFixed(ns < 1e4 ? 1 : 0)} µs`;
  }
  if (ns < 1e9) {
    return `${(ns / 1e6).toFixed(ns < 1e7 ? 1 : 0)} ms`;
  }
  const seconds = ns / 1e9;
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

// A tick of the time axis: seconds since the life began.
export function formatSeconds(seconds) {
  if (seconds < 60) {
    return `${+seconds.toFixed(2)} s`;
  }
  const rest = Math.round(seconds % 60);
  return `${Math.floor(seconds / 60)}:${String(rest).padStart(2, "0")}`;
}

// The ticks of a time axis: in milliseconds where seconds would need too many digits.
export function formatTimes(ticks) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : ticks[0];
  return step < 0.01 ? ticks.map((seconds) => `${+(seconds * 1000).toFixed(4)} ms`)
    : ticks.map(formatSeconds);
}

export function formatClock(unixMs) {
  return new Date(unixMs).toLocaleTimeString([], { hour12: false });
}

const FACTORS = { "": 1, b: 1, k: KIB, m: MIB, g: GIB };

// The bytes of "20M", "20 MiB", "0.5GiB" or "4096"; null where it is none of these. The server has
// the last word: this is for hints while typing.
export function parseBytes(text) {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?\s*$/i.exec(text);
  if (!match) {
    return null;
  }
  const bytes = Math.floor(Number(match[1]) * FACTORS[match[2].toLowerCase()]);
  return bytes > 0 && bytes < NEVER_BYTES_MIN ? bytes : null;
}
