// actions.js -- The requests that the page makes, each answered by { status, body }.

const TIMEOUT_MS = 60000;

async function request(method, path, query) {
  const text = new URLSearchParams(query).toString();
  let response;
  try {
    response = await fetch(text ? `${path}?${text}` : path, {
      method,
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return { status: 0, body: { error: "the server cannot be reached" } };
  }
  try {
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: response.status, body: { error: `answered ${response.status}, unreadably` } };
  }
}

export const add = (bytes) => request("POST", "/add.json", { bytes });
export const release = (bytes) => request("POST", "/rel.json", { bytes });
export const collect = () => request("POST", "/gc.json", {});
export const stats = () => request("GET", "/stats.json", {});
export const reset = () => request("POST", "/reset.json", {});
export const readSettings = () => request("GET", "/collect-policy.json", {});
export const changeSettings = (changes) => request("POST", "/collect-policy.json", changes);
