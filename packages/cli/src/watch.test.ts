import type { JsonValue } from "@isthmus/std";
import { eventually, FakeClock } from "@isthmus/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "./program.ts";
import { type RecordedServer, recordedServer } from "./testing/recorded-server.ts";
import { TestTerminal, type TestTerminalOptions } from "./testing/test-terminal.ts";
import { ResourceChanges } from "./watch.ts";

const NOW = Date.parse("2026-11-23T23:18:45Z");
const LIST = "GET /zones?size=1000";

let server: RecordedServer;
beforeAll(async () => {
  server = await recordedServer();
});
beforeEach(() => server.answers.clear());
afterAll(() => server.stop());

const zone = (name: string, enabled = true): JsonValue => ({
  type: "Zone",
  name,
  enabled,
  modificationTime: "2026-11-23T23:18:40Z",
});
const listed = (...items: readonly JsonValue[]): void =>
  void server.answers.set(LIST, { status: 200, json: { total: items.length, items, next: null } });

/** A command that goes on; `turn` lets it ask once more. */
function watching(args: readonly string[], options: TestTerminalOptions = {}) {
  const clock = new FakeClock(NOW);
  const terminal = new TestTerminal({ clock, ...options });
  const code = runCommand([...args, "-s", server.url], terminal);
  const waits = (): Promise<unknown> => eventually(() => clock.pendingTimers === 1);
  return {
    terminal,
    code,
    waits,
    clock,
    turn: async () => {
      await waits();
      clock.advance(2_000);
      await waits();
    },
  };
}

describe("get --watch", () => {
  it("prints a row for every change until Ctrl-C, and ends well", async () => {
    listed(zone("east"), zone("west"));
    const { terminal, code, waits, turn } = watching(["get", "zones", "--watch"]);
    await waits();
    listed(zone("east"), zone("north"), zone("west"));
    await turn();
    listed(zone("east", false), zone("north"));
    await turn();
    await turn();
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(terminal.out.trimEnd().split("\n")).toEqual([
      "CHANGE    NAME   AGE",
      "present   east   5s",
      "present   west   5s",
      "added     north   7s",
      "changed   east   9s",
      "deleted   west   9s",
    ]);
  });

  it("prints lines of JSON", async () => {
    listed(zone("east"));
    const { terminal, code, waits } = watching(["get", "zones", "-w", "-o", "json"]);
    await waits();
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(JSON.parse(terminal.out)).toEqual({ change: "present", resource: zone("east") });
  });

  it("watches one resource as well, there or not", async () => {
    server.answers.set("GET /zones/east", {
      status: 404,
      json: { type: "", status: 404, title: "x", detail: "Not found" },
    });
    const { terminal, code, waits, turn } = watching(["get", "zone", "east", "-w"]);
    await waits();
    server.answers.set("GET /zones/east", { status: 200, json: zone("east") });
    await turn();
    terminal.interrupt();
    await code;
    expect(terminal.out).toBe("CHANGE   NAME   AGE\nadded    east   7s\n");
  });

  it("survives a server that is away for a while, and says so once", async () => {
    listed(zone("east"));
    const { terminal, code, waits, turn } = watching(["get", "zones", "-w"]);
    await waits();
    server.answers.set(LIST, {
      status: 503,
      json: { type: "", status: 503, title: "Service unavailable", detail: "later" },
    });
    await turn();
    await turn();
    listed(zone("east"), zone("west"));
    await turn();
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(terminal.err).toBe("Service unavailable (later)\nthe server answers again\n");
    expect(terminal.out).toMatch(/added +west/);
  });

  it("ends with the first question when nobody answers it", async () => {
    const terminal = new TestTerminal();
    expect(await runCommand(["get", "zones", "-w", "-s", "http://127.0.0.1:1"], terminal)).toBe(1);
    expect(terminal.err).toContain("nothing listens there");
  });
});

describe("get --watch of a server that tells of changes", () => {
  const changes = (after: number | undefined, revision: number, changed: boolean): void =>
    void server.answers.set(`GET /_changes?type=Zone${after === undefined ? "" : `&after=${after}&wait=20`}`, {
      status: 200,
      json: { revision, changed },
    });
  const lists = (): number => server.asked.filter(({ request }) => request === LIST).length;

  it("asks for the list when something has changed, and only then", async () => {
    listed(zone("east"));
    changes(undefined, 7, false);
    changes(7, 9, true);
    changes(9, 9, false);
    const before = lists();
    const { terminal, code, waits, clock } = watching(["get", "zones", "-w"]);
    await waits();
    expect(lists() - before).toBe(1);
    listed(zone("east"), zone("west"));
    clock.advance(50);
    await eventually(() => terminal.out.includes("added"));
    await waits();
    clock.advance(2_000);
    await waits();
    clock.advance(2_000);
    await waits();
    expect(lists() - before).toBe(2);
    terminal.interrupt();
    expect(await code).toBe(0);
  });

  it("looks anew after a server was away", async () => {
    listed(zone("east"));
    changes(undefined, 7, false);
    server.answers.set("GET /_changes?type=Zone&after=7&wait=20", { status: 502, text: "bad gateway" });
    const { terminal, code, waits, turn } = watching(["get", "zones", "-w"]);
    await waits();
    listed(zone("east"), zone("west"));
    await turn();
    await eventually(() => terminal.out.includes("added"));
    terminal.interrupt();
    expect(await code).toBe(0);
  });
});

describe("a whole table that is watched", () => {
  const insights = "GET /mesh-insights?size=1000";
  const insight = (online: number): void =>
    void server.answers.set(insights, {
      status: 200,
      json: { total: 1, next: null, items: [{ type: "MeshInsight", name: "m", dataplanes: { online, total: 2 } }] },
    });

  it("is printed again when it has changed", async () => {
    insight(1);
    const { terminal, code, waits, turn } = watching(["inspect", "meshes", "-w", "-o", "wide"]);
    await waits();
    await turn();
    insight(2);
    await turn();
    terminal.interrupt();
    expect(await code).toBe(0);
    expect(terminal.out.match(/^m .*/gm)?.map((line) => line.split(/ +/)[1])).toEqual(["1/2", "2/2"]);
  });

  it("is drawn in place on a terminal", async () => {
    insight(1);
    const { terminal, code, waits } = watching(["inspect", "meshes", "-w"], { isTerminal: true });
    await waits();
    terminal.interrupt();
    await code;
    expect(terminal.out.startsWith("\u001b[H\u001b[2J")).toBe(true);
  });
});

it("a resource of the same name in another mesh is another", () => {
  const changes = new ResourceChanges();
  const at = (mesh: string) => ({ type: "T", mesh, name: "n" });
  expect(changes.next([at("a")])).toEqual([{ change: "present", resource: at("a") }]);
  expect(changes.next([at("b")])).toEqual([
    { change: "added", resource: at("b") },
    { change: "deleted", resource: at("a") },
  ]);
  expect(changes.next([at("b")])).toEqual([]);
});
