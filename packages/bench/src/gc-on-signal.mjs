// Preloaded into the system under test, so that memory readings do not count garbage: collects on SIGUSR2.
process.on("SIGUSR2", () => globalThis.gc?.());
