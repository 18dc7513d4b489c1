// explain.js -- Turns the numbers of a life into sentences: what is about to happen, and why.
//
// Pure: told facts, returns text. A hint names an experiment that the page can carry out.
import { formatBytes, formatDuration, MIB } from "./units.js";
import { isKilled, isOomKilled, numbersAt } from "./model.js";

const NOTABLE_BYTES = MIB / 2;

// What the program can still touch before the cage is full: what the cage has left, and what the
// heap holds free inside.
export function roomBytes(life) {
  const { sample } = life;
  if (!sample) {
    return null;
  }
  const { heap_idle: idle, heap_released: released } = sample.memstats;
  const left = life.settings.limit_bytes - sample.cage_bytes;
  return Math.max(0, left + Math.max(0, idle - released));
}

// The GOGC that would plan the next collection at nine tenths of the limit, or null.
function fittingGogc(life, numbers) {
  const { gogc } = life.settings;
  if (!numbers.live || gogc === "off") {
    return null;
  }
  const percent = Math.floor(((numbers.limit * 0.9 - numbers.live) / numbers.live) * 100);
  return percent >= 5 && percent < gogc ? percent : null;
}

const HINTS = {
  gc: { action: "gc", label: "Press gc now" },
  spike: { action: "spike", label: "Play the spike" },
  spikeGc: { action: "spike-gc", label: "Play it again, with gc in between" },
  memlimit: { action: "memlimit", value: "90%", label: "Set a memory limit of 90 %" },
  lastResort: { action: "policy", value: "last-resort", label: "Try the policy last-resort" },
  gogc: (percent) => ({ action: "gogc", value: String(percent), label: `Set GOGC=${percent}` }),
  limit: (bytes) => ({
    action: "limit", value: `${Math.round(bytes / MIB)}M`, label: `Double the cage: ${
      formatBytes(bytes)}`,
  }),
};

function ways(life, numbers) {
  const hints = [];
  if (life.settings.memory_limit_bytes == null) {
    hints.push(HINTS.memlimit);
  }
  const percent = numbers && fittingGogc(life, numbers);
  if (percent) {
    hints.push(HINTS.gogc(percent));
  }
  if (life.settings.policy === "go") {
    hints.push(HINTS.lastResort);
  }
  return hints;
}

function explainNothing(settings) {
  return {
    tone: "idle", mark: "○", title: "No heap yet",
    text: `The first request starts one, in a cage of ${formatBytes(settings?.limit_bytes)}. ` +
      "Add some memory, release it, add again: the chart shows what the collector plans and " +
      "what the kernel counts. Or let the page play it.",
    hints: [HINTS.spike],
  };
}

function explainEnded(life) {
  const numbers = numbersAt(life);
  const took = `after ${formatDuration(life.wall_ns)} and ${life.num_gc} ${
    life.num_gc === 1 ? "collection" : "collections"}`;
  if (!isKilled(life)) {
    return {
      tone: life.outcome === "survived" || life.outcome === "shut-down" ? "good" : "warn",
      mark: "■", title: life.verdict ?? `Ended: ${life.outcome}`,
      text: `${life.story ?? `Life ${life.life} ended ${took}.`} The next request meets a fresh ` +
        "heap.",
      hints: [],
    };
  }
  const hints = [];
  if (isOomKilled(life) && numbers) {
    if (numbers.garbage > NOTABLE_BYTES) {
      hints.push(HINTS.spikeGc, ...ways(life, numbers));
    } else {
      hints.push(HINTS.spike, HINTS.limit(life.settings.limit_bytes * 2));
    }
  }
  return {
    tone: "dead", mark: "✗", title: life.verdict ?? `Ended: ${life.outcome}`,
    text: life.story ?? `Life ${life.life} ended ${took}.`,
    evidence: life.evidence, coda: `Life ${life.life} ended ${took}. The lab is alive: the next ` +
      "request meets a fresh heap.",
    hints,
  };
}

function explainGarbage(numbers) {
  return numbers.garbage > NOTABLE_BYTES
    ? ` ${formatBytes(numbers.garbage)} of the heap is garbage already.` : "";
}

function explainRoom(life) {
  const room = roomBytes(life);
  return room == null ? "" : ` Room for about ${formatBytes(room)} more.`;
}

function explainRunning(life) {
  const numbers = numbersAt(life);
  if (!numbers) {
    return { tone: "calm", mark: "●", title: `Life ${life.life} begins`, text: "", hints: [] };
  }
  const gc = numbers.garbage > NOTABLE_BYTES ? [HINTS.gc] : [];
  if (numbers.isNever) {
    return {
      tone: "warn", mark: "▲", title: "No collection is planned",
      text: "GOGC is off and no memory limit is set: garbage stays until the cage is full." +
        explainGarbage(numbers) + explainRoom(life),
      hints: [...gc, HINTS.memlimit],
    };
  }
  if (numbers.beyond > 0) {
    return {
      tone: "warn", mark: "▲",
      title: `Next gc is ${formatBytes(numbers.beyond)} beyond the limit`,
      text: `It is planned for a heap of ${formatBytes(numbers.goal)}, but the cage is full at ` +
        `${formatBytes(numbers.limit)}: what becomes garbage will not be collected before that.` +
        explainGarbage(numbers) + explainRoom(life),
      hints: [...gc, ...ways(life, numbers)],
    };
  }
  return {
    tone: "calm", mark: "●", title: `Next gc at ${formatBytes(numbers.goal)}, within the limit`,
    text: `The collector plans to run ${formatBytes(-numbers.beyond)} before the cage's ` +
      `${formatBytes(numbers.limit)} are full. It looks after serving the request that crosses ` +
      `its goal, so one big request can still overflow the cage.${explainGarbage(numbers)}${
        explainRoom(life)}`,
    hints: gc,
  };
}

// { tone, mark, title, text, evidence?, coda?, hints: [{ action, value?, label }] }
export function explain(life, settings) {
  if (!life) {
    return explainNothing(settings);
  }
  return life.state === "ended" ? explainEnded(life) : explainRunning(life);
}
