// report.js -- The page without a server: shows a `state` message that a file carries inside.
import { byId, setText } from "./dom.js";
import { createEvents, eventOf } from "./events.js";
import { applyMessage, createModel } from "./model.js";
import { createView } from "./view.js";

export function startReport(state) {
  document.body.classList.add("is-report");
  const model = createModel();
  applyMessage(model, "state", state);
  setText(byId("title"), state.server.title ?? "");
  setText(byId("version"), `oomlab ${state.server.version} · ${state.server.script}`);
  byId("uncaged").hidden = state.server.is_caged;

  const view = createView(model);
  const events = createEvents(byId("events"));
  for (const life of model.lives) {
    events.add(eventOf("life", { ...life, state: "running" }));
    life.gcs.forEach((gc) => events.add(eventOf("gc",
      { ...gc, life: life.life, at_ns: gc.at_ms * 1e6 }, life)));
    events.add(eventOf("life", life));
  }
  view.setWindow(null);
  view.show();
}
