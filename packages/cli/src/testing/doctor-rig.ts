/** A recorded Kuma whose answers a test changes, and one check of `isthmus doctor` of it. */
import type { JsonObject, JsonValue } from "@isthmus/std";
import { FakeClock } from "@isthmus/testkit";
import { expect } from "vitest";
import type { CheckResult } from "../doctor/checks.ts";
import { type RecordedServer, recordings } from "./recorded-server.ts";
import { run, type TestTerminalOptions } from "./test-terminal.ts";

/** When it was recorded. */
export const NOW = Date.parse("2026-11-23T23:18:45Z");

export interface ZoneOverview {
  readonly name: string;
  readonly zoneInsight: { readonly subscriptions: JsonObject[]; kdsStreams: Record<string, unknown> };
}

export const lastOf = (zone: ZoneOverview | undefined): Record<string, unknown> =>
  zone?.zoneInsight.subscriptions.at(-1) as Record<string, unknown>;

export function doctorRig(kuma: RecordedServer) {
  /** One check of the recorded server. */
  async function check(
    name: string,
    args: readonly string[] = [],
    options: TestTerminalOptions = {},
  ): Promise<CheckResult> {
    const clock = new FakeClock(NOW);
    const ended = await run(
      ["doctor", "--check", name, "-o", "json", "-s", kuma.url, "--diagnostics", kuma.url, ...args],
      {
        clock,
        ...options,
      },
    );
    const { checks } = JSON.parse(ended.stdout) as { readonly checks: readonly CheckResult[] };
    const [result] = checks;
    if (result === undefined) throw new Error(`no result of ${name}`);
    expect(ended.code).toBe(result.status === "fail" ? 6 : 0);
    if (result.status === "warn" || result.status === "fail") expect(result.hint).toBeTruthy();
    return result;
  }

  const answer = (path: string, json: unknown): void =>
    void kuma.answers.set(`GET ${path}`, { status: 200, json: json as JsonValue });
  const refuse = (path: string): void =>
    void kuma.answers.set(`GET ${path}`, {
      status: 403,
      json: { type: "", status: 403, title: "Access Denied", detail: "no" },
    });
  const list = (path: string, ...items: readonly object[]): void =>
    answer(`${path}?size=1000`, { total: items.length, items, next: null });
  const config = (change: (config: Record<string, Record<string, unknown>>) => void): void => {
    const recorded = structuredClone(recordings("global")["GET /config"]?.json) as Record<
      string,
      Record<string, unknown>
    >;
    change(recorded);
    answer("/config", recorded);
  };
  const metrics = (text: string): void => void kuma.answers.set("GET /metrics", { status: 200, text });

  function zones(change: (zones: readonly ZoneOverview[]) => void): void {
    const overviews = structuredClone(recordings("global")["GET /zones/_overview"]?.json) as unknown as {
      readonly items: readonly ZoneOverview[];
    };
    change(overviews.items);
    answer("/zones/_overview?size=1000", overviews);
  }

  const ledgerRow = (more: object): object => ({
    zone: "east",
    direction: "global-to-zone",
    side: "sender",
    type: "MeshTimeout",
    state: "pending",
    head: 2,
    sent: 2,
    acknowledged: 1,
    oldestUnackedSeconds: 0,
    pendingResources: 3,
    resources: 4,
    responses: 1,
    acks: 1,
    nacks: 0,
    bytes: 1,
    held: 0,
    rejected: [],
    ...more,
  });
  const ledger = (rows: readonly object[], holds: readonly object[] = []): void =>
    answer("/sync", {
      role: "global",
      name: "global",
      historyId: "h",
      revision: 2,
      zones: [
        { zone: "east", online: true, isIsthmus: true, worst: { state: "pending", oldestUnackedSeconds: 0 }, rows },
      ],
      holds,
    });

  return { check, answer, refuse, list, config, metrics, zones, ledger, ledgerRow };
}
