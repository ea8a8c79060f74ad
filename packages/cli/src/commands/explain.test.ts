import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Explanation } from "@isthmus/api";
import { afterAll, describe, expect, it } from "vitest";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

const ref = { kind: "MeshService", mesh: "default", name: "backend" } as const;
const candidate = (more: object) => ({
  source: { kind: "instance", mesh: "default", dataplane: "backend-1", inbound: "8080" },
  zone: "west",
  service: ref,
  detail: "the detail",
  weightReason: "",
  priorityReason: "",
  ...more,
});
const explanation = (...candidates: readonly object[]) => ({
  from: { mesh: "default", dataplane: "web", zone: "west" },
  to: { ...ref, port: 80 },
  summary: "the summary",
  candidates,
  services: [],
  policies: [],
});
const endpoint = { address: "10.0.0.2", port: 8080, weight: 1, priority: 0, tags: {}, labels: {} };

/** A zone that answers all questions with the one answer. */
let answer: { readonly status: number; readonly body: unknown } = { status: 200, body: {} };
const asked: string[] = [];
const server: Server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url}`);
  response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => void server.close());
const run = (...args: readonly string[]): Promise<Ended> => runCommand([...args, "-s", url]);

describe("isthmus explain", () => {
  const question = ["explain", "--from", "web", "--to", "backend:80"];

  it("prints lines for people", async () => {
    answer = { status: 200, body: explanation(candidate({ endpoint }), candidate({ gate: "notHealthy" })) };
    const { stdout: text } = await run(...question, "--kind", "MeshService", "-m", "default");
    expect(asked.at(-1)).toBe("GET /meshes/default/dataplanes/web/_explain?to=backend%3A80&kind=MeshService");
    expect(text.split("\n").slice(0, 4)).toEqual([
      "from  Dataplane default/web (zone west)",
      "to    MeshService default/backend:80",
      "the summary",
      "+ 10.0.0.2:8080, priority 0, weight 1",
    ]);
    expect(text).toContain("- Dataplane backend-1 inbound 8080 (zone west): notHealthy: the detail");
  });

  it("prints JSON for programs", async () => {
    answer = { status: 200, body: explanation(candidate({ endpoint })) };
    const printed = JSON.parse((await run(...question, "-o", "json")).stdout) as Explanation;
    expect(printed).toEqual(answer.body);
  });

  it("ends with 4 when nothing is in, after the reasons", async () => {
    answer = { status: 200, body: explanation(candidate({ gate: "serviceUnknown" })) };
    expect(await run(...question)).toMatchObject({
      code: 4,
      stderr: "backend:80 has no endpoint for web\n",
      stdout: expect.stringContaining("serviceUnknown: the detail") as unknown,
    });
  });

  it("ends with 1 when the server refuses, with all that is wrong", async () => {
    const invalid_parameters = [{ field: "to", reason: "the port must be a number" }];
    const body = { type: "/std-errors", status: 400, title: "Bad", detail: "not valid", invalid_parameters };
    answer = { status: 400, body };
    expect(await run(...question)).toMatchObject({
      code: 1,
      stderr: "Bad (not valid)\n  to: the port must be a number\n",
    });
  });

  it.each([
    [["explain", "--from", "web"], "not specified"],
    [["explain", "--to", "backend"], "not specified"],
    [[...question, "-o", "yaml"], "is invalid"],
    [["endpoints", "mesh", "x"], "is invalid"],
    [["what-if"], "not specified"],
  ])("%j is refused before anything is asked", async (args, message) => {
    const before = asked.length;
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) as unknown });
    expect(asked).toHaveLength(before);
  });

  it.each([
    [["explain", "--from", "..", "--to", "backend"], /dataplane ".."/],
    [["explain", "--from", "web", "--to", "backend", "-m", "a/b"], /mesh "a\/b"/],
    [["endpoints", "zoneingress", "."], /name "."/],
    [["what-if", "--down", "zones=east"], /has to begin with zone=/],
  ])("%j is refused with 2", async (args, message) => {
    const before = asked.length;
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as unknown });
    expect(asked).toHaveLength(before);
  });
});

it.each([
  [["endpoints", "dataplane", "web", "-m", "m"], "GET /meshes/m/dataplanes/web/_endpoints"],
  [["endpoints", "zoneingress", "in"], "GET /zoneingresses/in/_endpoints"],
  [["endpoints", "zoneegress", "out"], "GET /zoneegresses/out/_endpoints"],
  [["what-if", "--down", "zone=east"], "POST /_what-if"],
])("%j asks %s", async (args, request) => {
  answer = { status: 405, body: { type: "", status: 405, title: "Method not allowed", detail: "ask the zone" } };
  expect(await run(...args)).toMatchObject({ code: 1, stderr: "Method not allowed (ask the zone)\n" });
  expect(asked.at(-1)).toBe(request);
});
