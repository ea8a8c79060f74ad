import { FakeClock } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { kumactlRecording, type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

const NOW = Date.parse("2026-11-23T23:18:45Z");

let servers: Readonly<Record<"global" | "west", RecordedServer>>;
beforeAll(async () => {
  servers = { global: await recordedServer("global"), west: await recordedServer("west") };
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.stop())));

const runOn = (name: "global" | "west", ...args: readonly string[]): Promise<Ended> =>
  runCommand([...args, "-s", servers[name].url], { clock: new FakeClock(NOW) });
const run = (...args: readonly string[]): Promise<Ended> => runOn("global", ...args);

/** REST and kumactl were recorded at different moments: ages and numbers of updates are not compared, their columns are. */
const comparable = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .replace(/\b\d+[smh] +\d+[smh] +\d+ {2}/, "AGE AGE N  ")
        .replace(/::rq_(success|total)::\d+$/, "::rq_$1::N")
        .replace(/ +/g, " ")
        .trimEnd(),
    );

describe("prints what kumactl prints", () => {
  it.each([
    "global-inspect-dataplanes",
    "global-inspect-zones",
    "global-inspect-zoneingresses",
    "global-inspect-zoneegresses",
    "global-inspect-meshes",
    "global-inspect-services",
    "global-inspect-mtp",
    "global-inspect-dataplane-policies",
    "global-inspect-dataplane-clusters",
    "west-inspect-zones",
    "west-inspect-dataplane-config",
  ])("%s", async (name) => {
    const { command, stdout } = kumactlRecording(name);
    const ended = await runOn(name.startsWith("west") ? "west" : "global", ...command);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
    expect(comparable(ended.stdout)).toEqual(comparable(stdout));
  });

  it("also when the server refuses", async () => {
    const path = "GET /meshes/default/dataplanes/west-web-1-xxb9649z92z7469c/_config";
    const body = { type: "/std-errors", status: 405, title: "Method not allowed", detail: "Not allowed on global CP" };
    servers.global.answers.set(path, { status: 405, json: body });
    expect(await run("inspect", "dataplane", "west-web-1-xxb9649z92z7469c", "--type", "config")).toEqual({
      code: 1,
      stdout: "",
      stderr: "Method not allowed (Not allowed on global CP)\n",
    });
  });
});

describe("isthmus inspect", () => {
  it("prints all of what the server says with -o json and -o yaml", async () => {
    const json = JSON.parse((await run("inspect", "zones", "-o", "json")).stdout) as { items: unknown[] };
    expect(json.items).toHaveLength(2);
    expect(parse((await run("inspect", "zones", "-o", "yaml")).stdout)).toEqual(json);
  });

  it("shows which proxies a service or a policy selects", async () => {
    const { stdout } = await run("inspect", "meshservice", "backend-d2622w4zxzdb6cfw");
    expect(stdout).toMatch(/^TYPE +MESH +NAME\nDataplane +default +east-backend-1-\w+\n.*\n\nTotal: 3\n$/s);
    const selected = await run("inspect", "meshtrafficpermission", "allow-all", "--new-api");
    expect(selected.stdout).toContain("Total: 4");
  });

  it("asks as kumactl does", async () => {
    await run("inspect", "dataplanes", "--gateway", "--tag", "kuma.io/service=web");
    const asked = servers.global.asked.map(({ request }) => request);
    expect(asked).toContain("GET /meshes/default/dataplanes/_overview?size=1000&tag=kuma.io/service:web&gateway=true");
    await run("inspect", "zoneingress", "east-ingress-4zv7z2zxwvcvbfzc", "--include-eds", "--type", "config-dump");
    expect(servers.global.asked.at(-1)?.request).toBe(
      "GET /zoneingresses/east-ingress-4zv7z2zxwvcvbfzc/xds?include_eds=true",
    );
    await run("inspect", "dataplane", "d", "--type", "config", "--shadow", "--include", "diff");
    expect(servers.global.asked.at(-1)?.request).toBe(
      "GET /meshes/default/dataplanes/d/_config?shadow=true&include=diff",
    );
  });

  it.each([
    [["unicorns"], '"unicorns" needs a name; without one there are zones'],
    [["unicorn", "x"], 'unknown type "unicorn"'],
    [["zones", "--shadow"], "--shadow goes with --type=config only"],
    [["zoneegress", "x", "--type", "policies"], "a ZoneEgress has config-dump, stats and clusters, no policies"],
    [["meshretry", "x", "--type", "stats"], "--type is for proxies, not for a MeshRetry"],
    [["zone", "east"], "there is nothing to inspect of a Zone; see `isthmus describe`"],
  ])("%j is refused", async (args, message) => {
    const ended = await run("inspect", ...args);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });
});

it.each(["stats", "clusters"])("%s as JSON are asked for as JSON", async (type) => {
  const request = `GET /meshes/default/dataplanes/web/${type}?format=json`;
  servers.global.answers.set(request, { status: 200, json: { [type]: [] } });
  const { code, stdout } = await run("inspect", "dataplane", "web", "--type", type, "-o", "json");
  expect([code, JSON.parse(stdout)]).toEqual([0, { [type]: [] }]);
});
