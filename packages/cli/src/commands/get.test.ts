import { readdirSync } from "node:fs";
import { FakeClock } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { kumactlRecording, type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

/** When kumactl was recorded. */
const NOW = Date.parse("2026-11-23T23:18:45Z");

let servers: Readonly<Record<"global" | "west", RecordedServer>>;
beforeAll(async () => {
  servers = { global: await recordedServer("global"), west: await recordedServer("west") };
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

const run = (...args: readonly string[]): Promise<Ended> => runOn("global", ...args);
const runOn = (name: "global" | "west", ...args: readonly string[]): Promise<Ended> =>
  runCommand([...args, "-s", servers[name].url], { clock: new FakeClock(NOW) });

const names = readdirSync(new URL("../../testdata/kumactl", import.meta.url))
  .map((file) => file.replace(/\.txt$/, ""))
  .filter((name) => /^(global|west)-get-/.test(name) && name !== "global-get-missing");

const trimmed = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split("\n")
    // The commands were recorded over some seconds, in which some things became 3 minutes old.
    .map((line) => line.trimEnd().replace(/ [23]m$/, " 3m"));

describe("prints what kumactl prints", () => {
  it.each(names)("%s", async (name) => {
    const { command, stdout } = kumactlRecording(name);
    const ended = await runOn(name.startsWith("west") ? "west" : "global", ...command);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
    expect(trimmed(ended.stdout)).toEqual(trimmed(stdout));
  });
});

describe("isthmus get", () => {
  it("shows more with -o wide", async () => {
    const { stdout } = await run("get", "msvc", "-o", "wide");
    expect(trimmed(stdout)[0]).toBe("MESH      NAME                       DISPLAY NAME   ZONE   ORIGIN   AGE");
    expect(stdout).toContain("backend-d2622w4zxzdb6cfw   backend        east   zone     2m");
  });

  it("prints a list that YAML readers take", async () => {
    const { stdout } = await run("get", "zones", "-o", "yaml");
    expect(parse(stdout)).toMatchObject({ total: 2, next: null, items: [{ name: "east" }, { name: "west" }] });
  });

  it("asks for what is wanted", async () => {
    await run("get", "dataplanes", "--tag", "kuma.io/service=web", "-l", "a/b=c", "--name", "west", "--offset", "2");
    expect(servers.global.asked.at(-1)?.request).toBe(
      "GET /meshes/default/dataplanes?offset=2&name=west&filter[labels.a/b]=c&tag=kuma.io/service:web",
    );
    await run("get", "meshservices", "-A");
    expect(servers.global.asked.at(-1)?.request).toBe("GET /meshservices?size=1000");
  });

  it("never shows values of secrets in a table", async () => {
    const { stdout } = await run("get", "secret", "dataplane-token-signing-key-default-1", "-o", "wide");
    expect(stdout).not.toContain("<secret data>");
  });

  it.each([
    [["get", "unicorns"], 2, /unknown type "unicorns"; the server knows circuit-breakers, /],
    [["get", "meshtimeout", "nope"], 1, /^HTTP 404 \(404: Page Not Found\)/],
    [["get", "mesh", "nope"], 1, /^Could not retrieve a resource \(Not found\)/],
    [["get", "zones", "-o", "xml"], 2, /Allowed choices are table, wide, json, yaml/],
    [["get", "zones", "--size", "0"], 2, /--size has to be a number above 0/],
    [["get", "zones", "-l", "x"], 2, /--label x: has to be key=value/],
    [["get", "meshtimeouts", "-m", "a/b"], 2, /mesh "a\/b" cannot be/],
  ])("%j ends with %i", async (args, code, message) => {
    const ended = await run(...args);
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toMatch(message);
  });
});
