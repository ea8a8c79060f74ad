// The one test command: builds, checks, runs every test, and ends with the line `N passed, N failed, N skipped`.
//   npm test                   everything
//   npm test -- packages/std   checks, then only the tests under that path
//   npm run check              the checks alone
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { envoyTool } from "./envoy-tool.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const bin = (name) => join(root, "node_modules/.bin", name);
const args = process.argv.slice(2);
const checksOnly = args.includes("--checks-only");
const filters = args.filter((arg) => !arg.startsWith("--"));
const totals = { passed: 0, failed: 0, skipped: 0 };

check("build: generated code and the bundle", process.execPath, ["scripts/build.mjs"]);
check("types: tsc -b", bin("tsc"), ["-b"]);
check("lint: oxlint, type-aware", bin("oxlint"), ["--type-aware", "--deny-warnings"]);
check("format: biome", bin("biome"), ["check", "--linter-enabled=false", "--diagnostic-level=error", "."]);
check("boundaries: turbo", bin("turbo"), ["boundaries"]);
check("house rules", process.execPath, ["scripts/house-rules.mjs"]);
if (!checksOnly) {
  tools();
  tests();
}

console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed === 0 ? 0 : 1);

/** A check counts as one test: it passes when the command exits with 0. */
function check(title, command, commandArgs) {
  const started = performance.now();
  const result = spawnSync(command, commandArgs, { cwd: root, encoding: "utf8", env: environment() });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (result.status === 0) {
    totals.passed += 1;
    console.log(`ok    ${title} (${seconds} s)`);
    return;
  }
  totals.failed += 1;
  console.log(`FAIL  ${title} (${seconds} s)\n${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}`);
}

/** What tests need beyond npm. Without it they are skipped by name; in CI a missing piece is a failure. */
function tools() {
  const { path, why } = envoyTool();
  if (path !== undefined)
    return console.log(`ok    Envoy: ${path.startsWith(root) ? path.slice(root.length + 1) : path}`);
  if (process.env.CI === "true") totals.failed += 1;
  console.log(`${process.env.CI === "true" ? "FAIL " : "none "} Envoy, tests that need it are skipped: ${why}`);
}

function tests() {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-test-"));
  const report = join(folder, "report.json");
  try {
    const result = spawnSync(
      bin("vitest"),
      ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...filters],
      { cwd: root, stdio: "inherit", env: environment() },
    );
    const summary = JSON.parse(readFileSync(report, "utf8"));
    totals.passed += summary.numPassedTests;
    totals.failed += summary.numFailedTests;
    totals.skipped += summary.numPendingTests + summary.numTodoTests;
    // A file that cannot be loaded, or an error outside of a test, fails the run without failing a test.
    if (result.status !== 0 && summary.numFailedTests === 0) totals.failed += 1;
    for (const file of summary.testResults) {
      for (const test of file.assertionResults) {
        if (test.status === "pending" || test.status === "skipped") console.log(`skipped: ${test.fullName}`);
      }
    }
  } catch (error) {
    totals.failed += 1;
    console.log(`FAIL  tests: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function environment() {
  return { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", NO_UPDATE_NOTIFIER: "1" };
}
