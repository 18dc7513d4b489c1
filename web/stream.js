// stream.js -- Listens to /events, and begins anew by itself whenever the connection is lost.

const NAMES = ["state", "sample", "gc", "life", "request", "log", "settings"];
const WAIT_MS_MIN = 500;
const WAIT_MS_MAX = 8000;

// onMessage(name, data); onStatus("connecting" | "live" | "reconnecting", seconds until the next
// try). The browser's own retry is not relied on: it gives up where the answer is an error.
export function listen(url, { onMessage, onStatus }) {
  let source = null;
  let waitMs = WAIT_MS_MIN;
  let timer = 0;

  function connect() {
    clearTimeout(timer);
    timer = 0;
    source = new EventSource(url);
    source.onerror = retry;
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        if (name === "state") {
          waitMs = WAIT_MS_MIN;
          onStatus("live", 0);
        }
        onMessage(name, JSON.parse(event.data));
      });
    }
  }

  function retry() {
    source.close();
    if (timer) {
      return;
    }
    onStatus("reconnecting", waitMs / 1000);
    timer = setTimeout(connect, waitMs * (0.8 + 0.4 * Math.random()));
    waitMs = Math.min(waitMs * 2, WAIT_MS_MAX);
  }

  // Where the network or the tab comes back there is no point in waiting out the clock.
  const hurry = () => {
    if (timer && document.visibilityState === "visible") {
      connect();
    }
  };
  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);

  onStatus("connecting", 0);
  connect();
}
