import "./style.css";
import { App } from "./app";
import type { Measured } from "./view/live";

declare global {
  interface Window {
    /** For programs that look at this page: what it measures of itself. */
    tth: { measured(): Measured };
  }
}

const app = new App();
window.tth = { measured: () => app.live.measured() };
void app.start();
