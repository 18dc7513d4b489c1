// meter.js -- One bar: what fills the cage right now, its limit, and where the next gc is planned.
import { make, setAttribute } from "./dom.js";
import { formatBytes } from "./units.js";

const STRETCH = 2.6; // Beyond this many limits the flag of the next gc stands at the edge.

export function createMeter(element) {
  const track = make("div", { class: "meter-track" });
  const part = (name) => make("div", { class: `meter-part meter-${name}` });
  const parts = { live: part("live"), garbage: part("garbage"), rest: part("rest"),
    free: part("free"), beyond: part("beyond") };
  const limit = make("div", { class: "meter-limit" });
  const goal = make("div", { class: "meter-goal" });
  const words = make("div", { class: "meter-words", "aria-hidden": "true" });
  track.append(...Object.values(parts), goal, limit);
  element.append(track, words);

  const word = (name, bytes) => make("span", { class: `meter-word meter-word-${name}` },
    make("i", { class: `swatch meter-${name}` }), `${name} ${formatBytes(bytes)}`);

  return {
    // numbers: as model.numbersAt gives them; null where there is no heap.
    show(numbers, limitBytes) {
      const cage = Math.min(numbers?.cage ?? 0, limitBytes);
      const live = Math.min(numbers?.live ?? numbers?.heap ?? 0, cage);
      const garbage = Math.min(numbers?.garbage ?? 0, cage - live);
      const goalBytes = numbers && !numbers.isNever ? numbers.goal : 0;
      const scale = Math.max(limitBytes, Math.min(goalBytes * 1.02, limitBytes * STRETCH));
      const sizes = { live, garbage, rest: cage - live - garbage, free: limitBytes - cage,
        beyond: scale - limitBytes };
      for (const [name, bytes] of Object.entries(sizes)) {
        parts[name].style.width = `${(100 * bytes) / scale}%`;
      }
      limit.style.left = `${(100 * limitBytes) / scale}%`;
      goal.hidden = goalBytes === 0;
      goal.style.left = `${(100 * Math.min(goalBytes, scale)) / scale}%`;
      words.replaceChildren(...["live", "garbage", "rest", "free"]
        .map((name) => word(name, sizes[name])));
      setAttribute(element, "aria-label", `The cage now: live ${formatBytes(live)}, garbage ${
        formatBytes(garbage)}, rest of the process ${formatBytes(sizes.rest)}, free ${
        formatBytes(sizes.free)}, limit ${formatBytes(limitBytes)}, next gc ${
        goalBytes ? formatBytes(goalBytes) : "not planned"}.`);
    },
  };
}
