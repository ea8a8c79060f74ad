import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

let server: RecordedServer;
beforeAll(async () => {
  server = await recordedServer();
});
afterAll(() => server.stop());

const run = (...args: readonly string[]): Promise<Ended> => runCommand([...args, "-s", server.url]);

describe("isthmus generate token", () => {
  it.each<[readonly string[], string, unknown]>([
    [
      [
        "token",
        "dataplane",
        "--name",
        "web",
        "-m",
        "shop",
        "--tag",
        "kuma.io/service=web,web2",
        "--tag",
        "v=1",
        "--workload",
        "w",
        "--valid-for",
        "24h",
      ],
      "POST /tokens/dataplane",
      {
        name: "web",
        mesh: "shop",
        tags: { "kuma.io/service": ["web", "web2"], v: ["1"] },
        workload: "w",
        validFor: "24h0m0s",
      },
    ],
    [["dataplane-token", "--proxy-type", "ingress"], "POST /tokens/dataplane", { mesh: "default", type: "ingress" }],
    [["token", "zone", "--zone", "east"], "POST /tokens/zone", { zone: "east", scope: ["ingress", "egress"] }],
    [
      ["zone-token", "--zone", "east", "--scope", "egress", "--valid-for", "30d"],
      "POST /tokens/zone",
      { zone: "east", scope: ["egress"], validFor: "720h0m0s" },
    ],
    [
      ["token", "user", "--name", "me", "--group", "a,b", "c", "--valid-for", "1h30m"],
      "POST /tokens/user",
      { name: "me", groups: ["a", "b", "c"], validFor: "1h30m0s" },
    ],
  ])("%j asks as kumactl does", async (args, request, body) => {
    const ended = await run("generate", ...args);
    expect(ended).toEqual({ code: 0, stdout: "<jwt>", stderr: "" });
    const asked = server.asked.at(-1);
    expect([asked?.request, JSON.parse(asked?.body ?? "")]).toEqual([request, body]);
  });

  it.each([
    [["user", "--name", "me"], "--valid-for <duration>' not specified"],
    [["user", "--name", "me", "--valid-for", "soon"], "--valid-for: "],
    [["user", "--name", "me", "--valid-for", "0s"], "--valid-for: has to be longer than nothing"],
    [["zone"], "--zone <zone>' not specified"],
    [["dataplane", "--tag", "web"], "--tag web: has to be key=value"],
    [["dataplane", "--proxy-type", "tractor"], "Allowed choices are dataplane, ingress, egress"],
  ])("%j is refused before anything is asked", async (args, message) => {
    const before = server.asked.length;
    const ended = await run("generate", "token", ...args);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect(server.asked).toHaveLength(before);
  });

  it("says why the server refuses", async () => {
    const path = "POST /tokens/zone";
    const body = {
      type: "",
      status: 403,
      title: "Access Denied",
      detail: 'user "mesh-system:anonymous" cannot generate zone token',
    };
    server.answers.set(path, { status: 403, json: body });
    expect(await run("generate", "token", "zone", "--zone", "east")).toMatchObject({
      code: 1,
      stderr: 'Access Denied (user "mesh-system:anonymous" cannot generate zone token)\n',
    });
    server.answers.clear();
  });
});
