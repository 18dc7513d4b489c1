// plays.js -- Experiments that the page carries out step by step, as a person would.
import * as actions from "./actions.js";
import { MIB } from "./units.js";

const PAUSE_MS = 1100; // Long enough to see each step in the chart.
const BASE_BYTES = 0.7 * MIB; // What the process takes besides its heap, with a margin.

const pause = () => new Promise((done) => setTimeout(done, PAUSE_MS));

// Nine tenths of the cage, released, then a little more than what is left of it.
function spike(limitBytes, isCollecting) {
  const big = Math.floor(limitBytes * 0.9 - BASE_BYTES);
  const little = Math.floor(limitBytes * 0.1 + BASE_BYTES);
  const steps = [
    ["add", () => actions.add(big), big],
    ["release", () => actions.release(big), big],
    ["gc", () => actions.collect()],
    ["add", () => actions.add(little), little],
  ];
  return isCollecting ? steps : steps.filter(([name]) => name !== "gc");
}

// onStep(name, bytes, promise of the answer) is told each step; the play ends at the first failure.
export async function playSpike(limitBytes, isCollecting, { isFresh, onStep }) {
  if (!isFresh) {
    const answer = actions.reset();
    onStep("reset", undefined, answer);
    if ((await answer).status !== 200) {
      return;
    }
    await pause();
  }
  for (const [name, act, bytes] of spike(limitBytes, isCollecting)) {
    const answer = act();
    onStep(name, bytes, answer);
    if ((await answer).status !== 200) {
      return;
    }
    await pause();
  }
}
