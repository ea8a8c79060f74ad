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
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
