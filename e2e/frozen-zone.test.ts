/** A zone that stands still without going away: the others are served, the ledger says how far it is behind. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { COMMAND } from "./harness/control-plane.ts";
import { Deployment } from "./harness/deployment.ts";
import { meshTimeout, TIMEOUTS, timeoutPath } from "./harness/samples.ts";

const run = promisify(execFile);
const BEHIND_SECONDS = 2;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.start({ zones: ["east", "west"] });
  await deployment.converged();
});
afterAll(() => deployment.stop());

it("delays no other zone, grows old in the ledger and fails --max-age, then catches up", async () => {
  const { global } = deployment;
  const [east, west] = [deployment.zone("east"), deployment.zone("west")];
  const status = (...args: string[]) =>
    run(process.execPath, [COMMAND, "sync", "status", "-s", global.restUrl, ...args]);
  const rowOfWest = async () => {
    const { zones } = await global.api.syncStatus();
    const rows = zones.find(({ zone }) => zone === "west")?.rows ?? [];
    return rows.find(({ type, side }) => type === "MeshTimeout" && side === "sender");
  };
  await expect(status("--wait", "--max-age", "1s")).resolves.toMatchObject({ stderr: "" });

  west.signal("SIGSTOP");
  try {
    await global.api.put(timeoutPath("late"), meshTimeout("late", "15s"));
    await eventually(async () => east.byDisplayName(TIMEOUTS, "late"));
    const behind = await eventually(async () => {
      const row = await rowOfWest();
      return row !== undefined && row.oldestUnackedSeconds >= BEHIND_SECONDS ? row : undefined;
    });
    expect(behind).toMatchObject({ state: "pending", pendingResources: 1 });
    expect(behind.acknowledged).toBeLessThan(behind.head);
    const failure: unknown = await status("--max-age", `${BEHIND_SECONDS - 1}s`).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 3, stderr: expect.stringContaining("west: MeshTimeout is") as string });
  } finally {
    west.signal("SIGCONT");
  }
  await status("--wait", "--timeout", "60s");
  expect(await west.byDisplayName(TIMEOUTS, "late")).toBeDefined();
  expect(await rowOfWest()).toMatchObject({ state: "synced", oldestUnackedSeconds: 0, pendingResources: 0 });
});
