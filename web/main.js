// main.js -- Where the page begins: live, or showing the lives that a report carries inside.
import { startLive } from "./live.js";
import { startReport } from "./report.js";

// A report is this page with <script type="application/json" id="oomlab-lives"> in it.
const lives = document.getElementById("oomlab-lives");

if (lives) {
  startReport(JSON.parse(lives.textContent));
} else {
  startLive();
}
