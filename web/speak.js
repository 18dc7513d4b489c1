// speak.js -- Says things aloud, to those who listen to the page instead of looking at it.
import { byId } from "./dom.js";

let polite = null;

// After what is being said. The same words twice are two sayings: hence the emptying before.
export function say(text) {
  const region = byId("say");
  region.textContent = "";
  clearTimeout(polite);
  polite = setTimeout(() => { region.textContent = text; }, 60);
}

// At once: a death.
export function cry(text) {
  const region = byId("cry");
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}
