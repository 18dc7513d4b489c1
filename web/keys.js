// keys.js -- Single keys that press the buttons which bear them as data-key.

// A listener for all: extra is { key: function }. isOn() says whether the user wants shortcuts.
export function listenForKeys(isOn, extra) {
  const buttons = new Map();
  for (const button of document.querySelectorAll("[data-key]")) {
    buttons.set(button.dataset.key, button);
    button.setAttribute("aria-keyshortcuts", button.dataset.key.toUpperCase());
  }
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (event.key === "Escape" && isTyping) {
      event.target.blur();
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !isOn()) {
      return;
    }
    const key = event.key.toLowerCase();
    if (buttons.has(key)) {
      event.preventDefault();
      buttons.get(key).click();
    } else if (extra[key]) {
      event.preventDefault();
      extra[key]();
    }
  });
}
