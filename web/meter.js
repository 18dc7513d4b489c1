// meter.js -- One bar: what fills the cage right now, its limit, and where the next gc is planned.
import { make, setAttribute } from "./dom.js";
import { isOomKilled } from "./model.js";
import { formatBytes } from "./units.js";

// In the order of the bar; what is called how below it.
const PARTS = {
  live: "live", garbage: "garbage", kept: "kept free by the heap", other: "other",
  touched: "touched by the last request", room: "left in the cage",
};
const STRETCH = 2.6; // Beyond this many limits the flag of the next gc stands at the edge.

export function createMeter(element) {
  const track = make("div", { class: "meter-track" });
  const parts = Object.fromEntries([...Object.keys(PARTS), "beyond"]
    .map((name) => [name, make("div", { class: `meter-part meter-${name}` })]));
  const limit = make("div", { class: "meter-limit" });
  const goal = make("div", { class: "meter-goal" });
  const words = make("div", { class: "meter-words", "aria-hidden": "true" });
  track.append(...Object.values(parts), goal, limit);
  element.append(track, words);

  const word = (name, bytes) => make("span", { class: `meter-word meter-word-${name}` },
    make("i", { class: `swatch meter-${name}` }), `${PARTS[name]} ${formatBytes(bytes)}`);

  // What the bar is made of, in bytes. The kernel's last count stands for the cage of the killed.
  function sizesOf(life, numbers, limit) {
    const cage = Math.min(numbers?.cage ?? 0, limit);
    const live = Math.min(numbers?.live ?? numbers?.heap ?? 0, cage);
    const garbage = Math.min(numbers?.garbage ?? 0, cage - live);
    const { heap_idle: idle = 0, heap_released: released = 0 } = life?.sample?.memstats ?? {};
    const kept = Math.max(0, Math.min(idle - released, cage - live - garbage));
    const peak = life && isOomKilled(life) ? Math.min(life.cage_peak_bytes, limit) : cage;
    const touched = Math.max(0, peak - cage);
    return { live, garbage, kept, other: cage - live - garbage - kept, touched,
      room: limit - cage - touched };
  }

  return {
    // numbers: as model.numbersAt gives them. Both are null where there is no heap.
    show(life, numbers, limitBytes) {
      const goalBytes = numbers && !numbers.isNever ? numbers.goal : 0;
      const scale = Math.max(limitBytes, Math.min(goalBytes * 1.02, limitBytes * STRETCH));
      const inside = sizesOf(life, numbers, limitBytes);
      const sizes = { ...inside, beyond: scale - limitBytes };
      for (const [name, bytes] of Object.entries(sizes)) {
        parts[name].style.width = `${(100 * bytes) / scale}%`;
      }
      limit.style.left = `${(100 * limitBytes) / scale}%`;
      goal.hidden = goalBytes === 0;
      goal.style.left = `${(100 * Math.min(goalBytes, scale)) / scale}%`;
      const isTold = (name) => inside[name] > 0 || !/kept|touched/.test(name);
      const told = Object.keys(PARTS).filter(isTold);
      words.replaceChildren(...told.map((name) => word(name, inside[name])));
      const list = told.map((name) => `${PARTS[name]} ${formatBytes(inside[name])}`).join(", ");
      setAttribute(element, "aria-label", `The cage now: ${list}; limit ${
        formatBytes(limitBytes)}, next gc ${goalBytes ? formatBytes(goalBytes) : "not planned"}.`);
    },
  };
}
