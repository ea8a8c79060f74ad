// Preloaded into the system under test, so that memory readings count neither garbage nor the gaps that it leaves: collects on SIGUSR2.
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--compact-on-every-full-gc");
process.on("SIGUSR2", () => globalThis.gc?.());
