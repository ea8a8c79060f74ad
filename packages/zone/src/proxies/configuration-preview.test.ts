/** What `_config` shows of a Dataplane in zone `west`. That it equals what Kuma shows: e2e/contract. */
import { DEFAULT_SETTINGS } from "@isthmus/envoy";
import { builtinTypes, objectOf, Registry } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { describe, expect, it } from "vitest";
import { StoreWorld } from "../testing/store-world.ts";
import { dataplane, draft, WEST, westStore } from "../testing/west.ts";
import { configurationPreview } from "./configuration-preview.ts";

const registry = new Registry(builtinTypes);
const METADATA = {
  features: ["feature-reuse-port"],
  "dataplane.admin.port": "9901",
  "dataplane.admin.socketPath": "/tmp/admin.sock",
  "dataplane.readinessReporter.port": "9902",
};
const CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
const LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener";
const SECRETS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

async function preview(...others: readonly ResourceDraft[]) {
  const web = dataplane("web", "10.0.0.1", {
    inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }],
    transparentProxying: { redirectPortInbound: 15006, redirectPortOutbound: 15001 },
  });
  const world = new StoreWorld(await westStore(web, ...others), registry, WEST).world();
  return (isShadow: boolean, name = "web") =>
    configurationPreview({ mesh: "default", name }, METADATA, {
      world,
      registry,
      settings: DEFAULT_SETTINGS,
      isShadow,
    });
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("the preview of a configuration", () => {
  it("has everything by type and name, with placeholders for certificates and keys", async () => {
    const config = (await preview())(false);
    expect(Object.keys(config ?? {})).toHaveLength(4);
    expect(Object.keys(config?.[CLUSTERS] as JsonObject)).toContain("default_backend__west_msvc_80");
    expect(config?.[SECRETS]).toEqual({
      "identity_cert:secret:default": {
        name: "identity_cert:secret:default",
        tlsCertificate: {
          certificateChain: { inlineBytes: base64("CERT") },
          privateKey: { inlineBytes: base64("KEY") },
        },
      },
      "mesh_ca:secret:default": {
        name: "mesh_ca:secret:default",
        validationContext: { trustedCa: { inlineBytes: base64("CA") } },
      },
    });
    const admin = JSON.stringify(objectOf(config ?? {}, LISTENERS)["kuma:envoy:admin"]);
    expect(admin).toContain(
      '"tlsCertificates":[{"certificateChain":{"inlineBytes":""},"privateKey":{"inlineBytes":""}}]',
    );
    expect(admin).toContain('"exact":"kuma-cp"');
  });

  it("knows shadow policies on request, of every kind", async () => {
    const policy = (type: string, name: string, spec: JsonObject, labels: Record<string, string> = {}) =>
      draft(type, name, spec, { labels: { "kuma.io/effect": "shadow", ...labels } });
    const config = await preview(
      policy("MeshTimeout", "slow", {
        to: [{ targetRef: { kind: "Mesh" }, default: { connectionTimeout: "77s" } }],
      }),
      policy("MeshLoadBalancingStrategy", "anywhere", {
        to: [{ targetRef: { kind: "Mesh" }, default: { localityAwareness: { disabled: true } } }],
      }),
    );
    const [now, then] = [JSON.stringify(config(false)), JSON.stringify(config(true))];
    expect(now).toEqual(JSON.stringify((await preview())(false)));
    expect(then).not.toEqual(now);
    expect([now.includes('"77s"'), then.includes('"77s"')]).toEqual([false, true]);
  });

  it("is none of a Dataplane that does not exist", async () => {
    expect((await preview())(true, "nobody")).toBeUndefined();
  });
});
