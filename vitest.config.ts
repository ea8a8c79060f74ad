import { defineConfig } from "vitest/config";

// Workspace packages are imported from their sources, so tests need no build (only generated code, see scripts/build.mjs).
const conditions = ["@isthmus/source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "e2e/**/*.test.ts", "scripts/**/*.test.ts"],
    benchmark: { include: ["packages/*/src/**/*.bench.ts"] },
    setupFiles: ["scripts/property-seed.ts"],
    // For a machine much slower than a developer's, which runs other files at the same time.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: "forks",
    // Loading the packages anew for each file would take longer than most tests.
    isolate: false,
  },
});
