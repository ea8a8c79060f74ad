/**
 * Random requests to every route of a global and of a zone, over real connections: no crash, no 500, no request without an
 * answer. FUZZ_RUNS and FUZZ_SEED make more and others of them.
 */
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminToken, type ControlPlane, startGlobal, startWest } from "./contract/recorded-deployment.ts";

const RUNS = Number(process.env["FUZZ_RUNS"] ?? 500);
const SEED = Number(process.env["FUZZ_SEED"] ?? 1);
const ANSWER_MS = 20_000;
/** Kuma's: the proxy, its zone or the thread of a what-if cannot be asked right now. */
const BUSY = [503, 504];

interface Route {
  readonly path: string;
  readonly methods: readonly string[];
}

interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const NAMES = [
  "default",
  "east",
  "west",
  "west-web-1",
  "backend",
  "allow-all",
  "all-services-default",
  "_overview",
  "*",
];

/** What may stand in a path, already encoded. */
const segment = fc.oneof(
  fc.constantFrom(
    ...NAMES,
    ".",
    "..",
    "%2e%2e",
    "%2f",
    "%00",
    "%",
    "%zz",
    "a b",
    "__proto__",
    "constructor",
    "kri_dp_default___x_",
  ),
  fc.string({ maxLength: 20 }).map(encodeURIComponent),
  fc.string({ unit: "binary", maxLength: 8 }).map((text) => encodeURIComponent(text)),
  fc.integer({ min: 1, max: 4000 }).map((length) => "a".repeat(length)),
);
const queryName = fc.oneof(
  fc.constantFrom("size", "offset", "name", "tag", "gateway", "status", "type", "format", "namespace", "to", "kind"),
  fc.constantFrom(
    "filter[labels.kuma.io/zone]",
    "filter[labels.",
    "filter[]",
    "shadow",
    "include",
    "include_eds",
    "usedonly",
  ),
  fc.string({ maxLength: 8 }),
);
const query = fc
  .array(
    fc.tuple(
      queryName,
      fc.oneof(fc.constantFrom("1", "-1", "0", "east", "true", "kubernetes", "json", ""), fc.string({ maxLength: 12 })),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => pairs.map((pair) => pair.map((text) => encodeURIComponent(text)).join("=")).join("&"));
const headers = fc.record(
  {
    accept: fc.constantFrom("application/json", "text/html", "*/*", "", "nonsense/;;"),
    "content-type": fc.constantFrom(
      "application/json",
      "application/yaml",
      "text/plain",
      "",
      "application/json; charset=utf-16",
    ),
    authorization: fc.constantFrom("Bearer", "Bearer a.b.c", "Basic eDp5", "Bearer ".padEnd(5000, "x")),
    "x-forwarded-for": fc.constantFrom("127.0.0.1", "10.0.0.1, 10.0.0.2", "x"),
    origin: fc.constantFrom("null", "http://localhost", "https://example.com", "::"),
    "if-none-match": fc.constantFrom("*", '"a"', "W/"),
    range: fc.constantFrom("bytes=0-1", "bytes=-", "lines=1"),
    expect: fc.constant("100-continue"),
    "accept-encoding": fc.constantFrom("gzip", "br;q=0", "identity;q=0"),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.json({ maxDepth: 4 }),
  fc.string({ maxLength: 200 }),
  fc.constantFrom("", "null", "[]", "{", '{"type":1}', `{"name":${"[".repeat(5000)}`, '{"__proto__":{"a":1}}'),
  fc
    .record(
      {
        type: fc.constantFrom("MeshTimeout", "Mesh", "Dataplane", "Zone", ""),
        name: fc.constantFrom("default", "x", "X", ""),
        mesh: fc.constantFrom("default", "none"),
        zone: fc.string({ maxLength: 4 }),
        validFor: fc.constantFrom("1h", "x", "-1h", ""),
        down: fc.jsonValue({ maxDepth: 2 }),
        spec: fc.jsonValue({ maxDepth: 3 }),
        labels: fc.jsonValue({ maxDepth: 1 }),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);

function requests(routes: readonly Route[], token: string): fc.Arbitrary<FuzzRequest> {
  const known = fc
    .tuple(fc.constantFrom(...routes), fc.array(segment, { minLength: 6, maxLength: 6 }))
    .map(([route, values]) => {
      const rest = [...values];
      return { methods: route.methods, path: route.path.replace(/\{\w+\}/g, () => rest.pop() ?? "") };
    });
  const unknown = fc
    .array(segment, { maxLength: 5 })
    .map((parts) => ({ methods: METHODS, path: `/${parts.join("/")}` }));
  return fc
    .tuple(
      fc.oneof({ weight: 5, arbitrary: known }, { weight: 1, arbitrary: unknown }),
      query,
      headers,
      body,
      fc.nat(),
      fc.nat(3),
    )
    .map(([{ methods, path }, search, given, sent, pick, who]) => {
      // Mostly the methods that the route has, mostly with the rights of an administrator.
      const method = (pick % 5 === 0 ? METHODS : methods)[pick % (pick % 5 === 0 ? METHODS : methods).length] ?? "GET";
      const authorization = who === 0 ? {} : { authorization: `Bearer ${token}` };
      return {
        method,
        path: `${path.replace(/[^\x21-\x7e]/g, encodeURIComponent)}${search === "" ? "" : `?${search}`}`,
        headers: { ...authorization, ...given },
        body: ["GET", "HEAD", "OPTIONS"].includes(method) ? undefined : sent,
      };
    });
}

describe.each([
  ["global", startGlobal],
  ["zone", startWest],
] as const)("a %s", (_, start) => {
  const agent = new Agent({ keepAlive: true });
  let controlPlane: ControlPlane | undefined;
  let routes: readonly Route[] = [];
  beforeAll(async () => {
    controlPlane = await start();
    const response = await fetch(`http://127.0.0.1:${controlPlane.port}/openapi.json`);
    const { paths } = (await response.json()) as { paths: Record<string, object> };
    routes = Object.entries(paths).map(([path, methods]) => ({
      path,
      methods: Object.keys(methods).map((method) => method.toUpperCase()),
    }));
  });
  afterAll(async () => {
    agent.destroy();
    await controlPlane?.stop();
  });

  it("answers whatever it is asked", async () => {
    if (controlPlane === undefined) throw new Error("not started");
    const { port, instance } = controlPlane;
    await fc.assert(
      fc.asyncProperty(requests(routes, adminToken(instance)), async (each) => {
        const { status, text } = await send(port, agent, each);
        if (!BUSY.includes(status)) expect(status, text.slice(0, 500)).toBeLessThan(500);
      }),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  }, 300_000);
});

function send(port: number, agent: Agent, each: FuzzRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { method, path, headers: given, body: sent } = each;
    const length = sent === undefined ? {} : { "content-length": Buffer.byteLength(sent) };
    const outgoing = httpRequest({ host: "127.0.0.1", port, agent, method, path, headers: { ...given, ...length } });
    outgoing.setTimeout(ANSWER_MS, () => outgoing.destroy(new Error(`no answer to ${JSON.stringify(each)}`)));
    outgoing.once("error", reject);
    outgoing.once("response", (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("error", reject);
      incoming.once("end", () => resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    outgoing.end(sent);
  });
}
