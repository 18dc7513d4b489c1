// verdict.js -- The panel on top: what is about to happen or what has, and what to try next.
import { byId, make, setAttribute, setText } from "./dom.js";
import { explain } from "./explain.js";

// A number and its unit stay on one line.
const together = (text) => text?.replace(/(\d) ([KMG]?i?B|ms|s)\b/g, "$1\u00a0$2");

export function createVerdict({ onHint }) {
  let shownHints = "";

  function showHints(hints) {
    const key = JSON.stringify(hints);
    if (key === shownHints || !onHint) {
      return;
    }
    shownHints = key;
    byId("hints").hidden = hints.length === 0;
    byId("hints").replaceChildren(make("span", { class: "hints-lead" }, "Try next"),
      ...hints.map((hint) => make("button", { type: "button", class: "hint-button",
        onclick: () => onHint(hint) }, hint.label)));
  }

  function showOptional(id, text) {
    byId(id).hidden = !text;
    setText(byId(id), text ?? "");
  }

  return {
    show(life, settings) {
      const words = explain(life, settings);
      setAttribute(byId("verdict"), "data-tone", words.tone);
      setText(byId("verdict-mark"), words.mark);
      setText(byId("verdict-title"), together(words.title));
      setText(byId("verdict-text"), together(words.text));
      showOptional("verdict-coda", together(words.coda));
      showOptional("verdict-evidence", words.evidence && `evidence: ${words.evidence}`);
      showHints(words.hints);
      return words;
    },
  };
}
