// Preloaded into the system under test, so that memory readings count neither garbage nor the gaps that it leaves: collects on SIGUSR2. Only then
// are the gaps closed: each collection would otherwise cost the system under test several times what it costs elsewhere.
import { setFlagsFromString } from "node:v8";

process.on("SIGUSR2", () => {
  setFlagsFromString("--compact-on-every-full-gc");
  globalThis.gc?.();
  setFlagsFromString("--no-compact-on-every-full-gc");
});
