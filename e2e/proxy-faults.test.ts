/** What a zone does with proxies that it must not serve, that claim one name, and that all come at once; over real connections, without Envoys. */
import { join } from "node:path";
import { LISTENERS, MockProxy } from "@isthmus/bench";
import { objectOf, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ControlPlane } from "./harness/control-plane.ts";
import { issueToken } from "./harness/envoy-proxy.ts";

const DATAPLANES = "meshes/default/dataplanes";
/** Statuses of gRPC. */
const [INVALID_ARGUMENT, ALREADY_EXISTS, ABORTED, UNAUTHENTICATED] = [3, 6, 10, 16];
const CROWD = 1_000;
const CROWD_MAX_BYTES = 512 * 1024 * 1024;

let folder: TempFolder;
let zone: ControlPlane;
let url: string;
const open: MockProxy[] = [];

beforeAll(async () => {
  folder = await tempFolder("isthmus-e2e-");
  const [restPort = 0, diagnosticsPort = 0, dpPort = 0] = await freePorts(3);
  url = `https://127.0.0.1:${dpPort}`;
  zone = new ControlPlane({
    role: "zone",
    name: "alone",
    folder: join(folder.path, "alone"),
    settings: {
      "multizone.zone.name": "alone",
      "store.type": "memory",
      "dpServer.port": dpPort,
      "xdsServer.dataplaneDeregistrationDelay": "0s",
    },
    restPort,
    diagnosticsPort,
  });
  await zone.start();
  await zone.api.put("meshes/second", { type: "Mesh", name: "second" });
});
afterEach(async () => {
  for (const proxy of open.splice(0)) proxy.close();
  await eventually(async () => (await zone.api.page(DATAPLANES, { size: 1 })).total === 0, { what: "all are gone" });
});
afterAll(async () => {
  await zone.kill();
  await folder.remove();
});

const dataplane = (name: string, address: string, mesh = "default"): JsonObject => ({
  type: "Dataplane",
  mesh,
  name,
  networking: { address, inbound: [{ port: 8080, tags: { "kuma.io/service": "web" } }] },
});
const tokenOf = (what: JsonObject): Promise<string> => issueToken(zone, "dataplane", what);

function connect(name: string, token: string | undefined, brought: JsonObject, onListeners?: () => void): MockProxy {
  const proxy = new MockProxy({
    url,
    mesh: "default",
    name,
    dataplane: JSON.stringify(brought),
    onResponse: ({ typeUrl }) => {
      if (typeUrl === LISTENERS) onListeners?.();
    },
    ...(token === undefined ? {} : { token }),
  });
  open.push(proxy);
  return proxy;
}

async function addressOf(name: string): Promise<string | undefined> {
  const stored: unknown = await zone.api.find(`${DATAPLANES}/${name}`);
  return isJsonObject(stored) ? textOf(objectOf(stored, "networking"), "address") : undefined;
}

describe("a proxy is refused, with the reason, and nothing of it is stored:", () => {
  const own = dataplane("web", "10.0.0.1");
  it.each<[string, () => Promise<string | undefined>, JsonObject, number, RegExp]>([
    ["without a token", async () => undefined, own, UNAUTHENTICATED, /there is no token/],
    ["with a token that is none", async () => "nonsense", own, UNAUTHENTICATED, /authentication failed: /],
    [
      "with the token of another proxy",
      () => tokenOf({ mesh: "default", name: "other" }),
      own,
      UNAUTHENTICATED,
      /dataplane name from requestor: web is different than in token: other/,
    ],
    [
      "with a token for another service",
      () => tokenOf({ mesh: "default", tags: { "kuma.io/service": ["backend"] } }),
      own,
      UNAUTHENTICATED,
      /a tag that is not in the token/,
    ],
    [
      "with a token of another mesh",
      () => tokenOf({ mesh: "second", name: "web" }),
      own,
      UNAUTHENTICATED,
      /authentication failed: /,
    ],
    [
      "with a Dataplane of another mesh",
      () => tokenOf({ mesh: "default", name: "web" }),
      dataplane("web", "10.0.0.1", "second"),
      INVALID_ARGUMENT,
      /the resource is Dataplane second\/web, the proxy is Dataplane default\/web/,
    ],
  ])("%s", async (_, token, brought, code, reason) => {
    const { ended } = connect("web", await token(), brought);
    expect(await ended).toEqual({ code, message: expect.stringMatching(reason) as unknown });
    expect(await addressOf("web")).toBeUndefined();
    expect(zone.log()).toMatch(reason);
  });

  it("with a token that was good once", async () => {
    const token = await tokenOf({ mesh: "default", name: "web", validFor: "1s" });
    const refusal = await eventually(async () => {
      const proxy = connect("web", token, own);
      const end = await Promise.race([proxy.ended, proxy.ready]);
      proxy.close();
      return end;
    });
    expect(refusal).toEqual({ code: UNAUTHENTICATED, message: "authentication failed: token is expired" });
  });

  it("none of which keeps the right one out", async () => {
    const proxy = connect("web", await tokenOf({ mesh: "default", name: "web" }), own);
    await proxy.ready;
    expect(await addressOf("web")).toBe("10.0.0.1");
  });
});

describe("two proxies with one name", () => {
  it("throw each other out three times; then the one that is served stays, with its Dataplane, until it goes", async () => {
    const token = await tokenOf({ mesh: "default", name: "web" });
    let told = 0;
    const [one, two] = ["10.0.0.1", "10.0.0.2"];
    const comes = (address: string): MockProxy =>
      connect("web", token, dataplane("web", address), () => {
        told += 1;
      });
    let served = comes(one);
    await served.ready;
    for (const address of [two, one, two]) {
      const next = comes(address);
      await next.ready;
      expect(await served.ended).toEqual({ code: ABORTED, message: "a newer stream of this proxy is served" });
      expect(await addressOf("web")).toBe(address);
      served = next;
    }
    for (let i = 0; i < 2; i += 1) {
      expect(await comes(one).ended).toEqual({
        code: ALREADY_EXISTS,
        message: "there is already an active stream from this node, try again later",
      });
      expect(await addressOf("web")).toBe(two);
    }
    told = 0;
    await zone.api.put(`${DATAPLANES}/web`, {
      ...dataplane("web", two),
      networking: { address: two, inbound: [{ port: 8081, tags: { "kuma.io/service": "web" } }] },
    });
    await eventually(() => told > 0, { what: "the one that is served is told of a change" });
    served.close();
    await eventually(async () => (await addressOf("web")) === undefined);
    await comes(one).ready;
    expect(await addressOf("web")).toBe(one);
  });
});

describe(`${CROWD} proxies at once`, () => {
  it("are all served and told of a change, within some memory", async () => {
    const token = await tokenOf({ mesh: "default" });
    const told = new Set<number>();
    let lost = 0;
    const crowd = Array.from({ length: CROWD }, (_, i) => {
      const name = `web-${i}`;
      const proxy = connect(name, token, dataplane(name, `10.1.${i >> 8}.${i & 255}`), () => told.add(i));
      void proxy.ended.then(() => {
        lost += 1;
      });
      return proxy;
    });
    await Promise.all(crowd.map(({ ready }) => ready));
    let counted: JsonObject = {};
    await eventually(
      async () => {
        const insight: unknown = await zone.api.find("mesh-insights/default");
        counted = isJsonObject(insight) ? objectOf(insight, "dataplanes") : {};
        return counted["online"] === CROWD;
      },
      { timeoutMs: 180_000, what: () => `all are online; ${lost} are lost, counted are ${JSON.stringify(counted)}` },
    );
    told.clear();
    await zone.api.put("meshes/default/meshtimeouts/crowd", IDLE_TIMEOUT);
    await eventually(() => told.size === CROWD, { timeoutMs: 120_000, what: () => `${told.size} are told` });
    expect(lost).toBe(0);
    const [, bytes = "0"] = /^process_resident_memory_bytes\{?[^}\n]*\}? (\S+)$/m.exec(await zone.metrics()) ?? [];
    expect(Number(bytes)).toBeGreaterThan(0);
    expect(Number(bytes)).toBeLessThan(CROWD_MAX_BYTES);
  }, 600_000);
});

const IDLE_TIMEOUT: JsonObject = {
  type: "MeshTimeout",
  mesh: "default",
  name: "crowd",
  spec: { targetRef: { kind: "Mesh" }, rules: [{ default: { idleTimeout: "7s" } }] },
};
