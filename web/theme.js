// theme.js -- Light, dark, or as the system says; remembered where the browser lets us.

const THEMES = ["automatic", "dark", "light"];
const STORED_AS = "oomlab-theme";

function readStored() {
  try {
    return localStorage.getItem(STORED_AS);
  } catch {
    return null;
  }
}

export function createTheme(button, onChange) {
  let theme = THEMES.includes(readStored()) ? readStored() : THEMES[0];

  function apply() {
    if (theme === THEMES[0]) {
      delete document.documentElement.dataset.theme;
    } else {
      document.documentElement.dataset.theme = theme;
    }
    button.textContent = `Theme: ${theme}`;
    onChange();
  }

  function next() {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    try {
      localStorage.setItem(STORED_AS, theme);
    } catch { /* Not remembered, then. */ }
    apply();
  }

  button.addEventListener("click", next);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
  return { next };
}
