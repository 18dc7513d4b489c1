// settings.js -- The form of the rules: cage limit, GOGC, memory limit, policy, collector.
import { make } from "./dom.js";
import { MIB } from "./units.js";

// As one would type it: 33554432 is "32M", what is no whole number of MiB stays in bytes.
function sizeText(bytes) {
  return bytes % MIB === 0 ? `${bytes / MIB}M` : String(bytes);
}

function textsOf(settings) {
  return {
    limit: sizeText(settings.limit_bytes),
    gogc: String(settings.gogc),
    memlimit: settings.memory_limit_bytes == null ? "off" : sizeText(settings.memory_limit_bytes),
    policy: settings.policy,
    argument: settings.policy_argument ?? "",
    collector: settings.collector,
    rules: settings.rules,
  };
}

function fillSelect(select, choices, value) {
  const names = choices.map((choice) => choice.name ?? choice);
  if (value && !names.includes(value)) {
    choices = [...choices, value]; // A policy from a file is no choice of the server's list.
  }
  select.replaceChildren(...choices.map((choice) => {
    const name = choice.name ?? choice;
    return make("option", { value: name, title: choice.title },
      choice.title ? `${name}: ${choice.title}` : name);
  }));
  select.value = value;
}

// onApply(changes) gets only what differs from the settings in force.
export function createSettings(form, undo, { onApply }) {
  let known = null; // The texts in force.
  let choices = { policy: [], collector: [], rules: [] };
  const fields = form.elements;

  const dirty = () => known === null ? [] : Object.keys(known)
    .filter((name) => fields[name].value.trim() !== known[name]);

  function mark() {
    const names = dirty();
    for (const name of Object.keys(known ?? {})) {
      fields[name].classList.toggle("is-changed", names.includes(name));
    }
    undo.hidden = names.length === 0;
  }

  function fill(names) {
    for (const name of names) {
      if (choices[name]) {
        fillSelect(fields[name], choices[name], known[name]);
      } else {
        fields[name].value = known[name];
      }
    }
    mark();
  }

  form.addEventListener("input", (event) => {
    if (event.target === fields.policy) {
      const chosen = choices.policy.find((policy) => policy.name === fields.policy.value);
      fields.argument.value = fields.policy.value === known?.policy ? known.argument
        : chosen?.argument ?? "";
    }
    mark();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const names = dirty();
    const changes = Object.fromEntries(names.filter((name) => !/policy|argument/.test(name))
      .map((name) => [name, fields[name].value.trim()]));
    if (names.includes("policy") || names.includes("argument")) {
      const argument = fields.argument.value.trim();
      changes.policy = fields.policy.value + (argument ? `:${argument}` : "");
    }
    onApply(changes);
  });
  undo.addEventListener("click", () => fill(Object.keys(known ?? {})));

  return {
    setChoices(offered) {
      choices = { ...choices, ...offered };
      if (known) {
        fill(["policy", "collector", "rules"]);
      }
    },
    // What the user is about to change stays as typed, unless isForced.
    setSettings(settings, isForced = false) {
      const kept = isForced ? [] : dirty();
      known = textsOf(settings);
      fill(Object.keys(known).filter((name) => !kept.includes(name)));
    },
  };
}
