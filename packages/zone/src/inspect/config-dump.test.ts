import { describe, expect, it } from "vitest";
import { redactedDump } from "./config-dump.ts";

const TOKEN = "eyJhbGciOi.payload.signature";

/** As an Envoy prints it. */
const dump = (token: string, hds = token): string =>
  JSON.stringify(
    {
      configs: [
        {
          "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
          bootstrap: {
            dynamic_resources: { ads_config: services(token) },
            hds_config: services(hds),
            node: { metadata: { note: `says ${token}` } },
          },
        },
        { "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", version_info: "1" },
      ],
    },
    undefined,
    1,
  );

const services = (token: string) => ({
  grpc_services: [
    { envoy_grpc: { cluster_name: "ads_cluster" }, initial_metadata: [{ key: "x-kuma", value: "stays" }] },
    { initial_metadata: [{ key: "authorization", value: token }] },
  ],
});

describe("a configuration dump", () => {
  it("is shown as it came, but for tokens wherever they stand", () => {
    const redacted = redactedDump(dump(TOKEN));
    expect(redacted).toEqual({ ok: true, value: dump("[redacted]") });
  });

  it("loses a token that is the beginning of another, and one that JSON writes with escapes", () => {
    expect(redactedDump(dump("abc", 'abc"def'))).toEqual({ ok: true, value: dump("[redacted]") });
  });

  it("without tokens is the same to the letter", () => {
    expect(redactedDump(dump(""))).toEqual({ ok: true, value: dump("") });
  });

  it.each(["", "no JSON", "[]"])("is refused where it is none: %j", (text) => {
    expect(redactedDump(text).ok).toBe(false);
  });
});
