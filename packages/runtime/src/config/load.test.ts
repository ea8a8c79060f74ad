import { describe, expect, it } from "vitest";
import { CIPHER_SUITES } from "./cipher-suites.ts";
import { leafPaths, loadConfig, variablesOf } from "./load.ts";
import { configSchema } from "./schema.ts";

const load = (sources: Partial<Parameters<typeof loadConfig>[0]>) => loadConfig({ env: {}, settings: [], ...sources });

describe("loadConfig", () => {
  it("gives Kuma's defaults without any source", () => {
    const loaded = load({});
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { config } = loaded.value;
    expect(config.multizone.global.kds.grpcPort).toBe(5685);
    expect(config.apiServer.http).toEqual({ enabled: true, interface: "0.0.0.0", port: 5681 });
    expect(config.diagnostics.serverPort).toBe(5680);
    expect(config.sync.holdTime).toBe(600_000);
    expect(config.multizone.zone.name).toBe("default");
  });

  it("lets later sources win: file, KUMA_ variable, ISTHMUS_ variable, flag", () => {
    const file = { name: "a.yaml", text: "multizone: { zone: { name: from-file } }" };
    const kuma = { KUMA_MULTIZONE_ZONE_NAME: "from-kuma" };
    const own = { ...kuma, ISTHMUS_MULTIZONE_ZONE_NAME: "from-own" };
    const name = (sources: Partial<Parameters<typeof loadConfig>[0]>) => {
      const loaded = load(sources);
      return loaded.ok ? loaded.value.config.multizone.zone.name : loaded.error;
    };
    expect(name({ file })).toBe("from-file");
    expect(name({ file, env: kuma })).toBe("from-kuma");
    expect(name({ file, env: own })).toBe("from-own");
    expect(name({ file, env: own, settings: ["multizone.zone.name=from-flag"] })).toBe("from-flag");
  });

  it("reads every kind of value from text", () => {
    const loaded = load({
      env: {
        KUMA_STORE_UNSAFE_DELETE: "true",
        KUMA_MULTIZONE_GLOBAL_KDS_ZONE_INSIGHT_FLUSH_INTERVAL: "1m30s",
        KUMA_MULTIZONE_GLOBAL_KDS_LABELS_SKIP_PREFIXES: "a.b, c/",
        KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT: "6000",
      },
    });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    expect(loaded.value.config.store.unsafeDelete).toBe(true);
    const { kds } = loaded.value.config.multizone.global;
    expect([kds.zoneInsightFlushInterval, kds.labels.skipPrefixes, kds.grpcPort]).toEqual([
      90_000,
      ["a.b", "c/"],
      6000,
    ]);
  });

  it("names ranges of addresses that are none, and labels that nobody may set", () => {
    const loaded = load({
      settings: [
        "ipam.meshService.cidr=241.0.0.0",
        "ipam.meshExternalService.cidr=224.0.0.0/8",
        "meshService.labelPropagation.allowedLabelKeys=team,kuma.io/zone",
      ],
    });
    expect(loaded.ok ? [] : loaded.error.map(({ setting, source }) => `${setting} ${source}`)).toEqual([
      "ipam.meshService.cidr --set",
      "ipam.meshExternalService.cidr --set",
      "meshService.labelPropagation.allowedLabelKeys --set",
    ]);
  });

  it("names every invalid setting at once, with its source", () => {
    const loaded = load({
      file: { name: "bad.yaml", text: "store: { type: etcd }\napiServer: { http: { port: 70000 } }\n" },
      env: { KUMA_GENERAL_RESILIENT_COMPONENT_BASE_BACKOFF: "soon", ISTHMUS_LOG_LEVEL: "loud" },
      settings: ["no.such=1", "store.unsafeDelete=maybe", "dangling"],
    });
    expect(
      loaded.ok
        ? []
        : loaded.error.map((p) => [p.setting, p.source]).toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
    ).toEqual([
      ["apiServer.http.port", "bad.yaml"],
      ["dangling", "--set"],
      ["general.resilientComponentBaseBackoff", "KUMA_GENERAL_RESILIENT_COMPONENT_BASE_BACKOFF"],
      ["log.level", "ISTHMUS_LOG_LEVEL"],
      ["no.such", "--set"],
      ["store.type", "bad.yaml"],
      ["store.unsafeDelete", "--set"],
    ]);
  });

  it("checks settings that depend on each other", () => {
    const loaded = load({
      settings: [
        "multizone.zone.name=Bad_Name",
        "multizone.zone.globalAddress=https://x:1",
        "general.tlsCertFile=a.crt",
        "multizone.global.kds.zoneHealthCheck.timeout=5s",
        "apiServer.https.tlsKeyFile=a.key",
        "apiServer.https.requireClientCert=true",
      ],
    });
    expect(loaded.ok ? [] : loaded.error.map((p) => p.setting).sort()).toEqual([
      "apiServer.https.requireClientCert",
      "apiServer.https.tlsCertFile",
      "general.tlsKeyFile",
      "multizone.global.kds.zoneHealthCheck.timeout",
      "multizone.zone.globalAddress",
      "multizone.zone.name",
    ]);
  });

  describe("TLS of servers", () => {
    const SECTIONS = {
      general: "GENERAL",
      "apiServer.https": "API_SERVER_HTTPS",
      dpServer: "DP_SERVER",
      "multizone.global.kds": "MULTIZONE_GLOBAL_KDS",
    };
    const problemsOf = (...settings: readonly string[]) => {
      const loaded = load({ settings });
      return loaded.ok ? [] : loaded.error.map(({ setting, reason }) => `${setting}: ${reason}`);
    };

    it.each(Object.entries(SECTIONS))("%s has Kuma's names, variables and defaults", (section, variable) => {
      const tlsOf = (env: Readonly<Record<string, string>>) => {
        const loaded = load({ env });
        if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
        const { general, apiServer, dpServer, multizone } = loaded.value.config;
        const sections = {
          general,
          dpServer,
          "apiServer.https": apiServer.https,
          "multizone.global.kds": multizone.global.kds,
        };
        const { tlsMinVersion, tlsMaxVersion, tlsCipherSuites } = sections[section as keyof typeof sections];
        return [tlsMinVersion, tlsMaxVersion, tlsCipherSuites];
      };
      expect(tlsOf({})).toEqual(["TLSv1_2", "", []]);
      expect(
        tlsOf({
          [`KUMA_${variable}_TLS_MIN_VERSION`]: "TLSv1_3",
          [`KUMA_${variable}_TLS_MAX_VERSION`]: "TLSv1_3",
          [`KUMA_${variable}_TLS_CIPHER_SUITES`]: "TLS_RSA_WITH_AES_128_CBC_SHA,TLS_AES_256_GCM_SHA384",
        }),
      ).toEqual(["TLSv1_3", "TLSv1_3", ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_256_GCM_SHA384"]]);
      expect(tlsOf({ [`KUMA_${variable}_TLS_MIN_VERSION`]: "" })).toEqual(["", "", []]);
    });

    it("names suites that cannot be served, those of all lists at once, and what can be", () => {
      const found = problemsOf(
        "dpServer.tlsCipherSuites=TLS_RSA_WITH_RC4_128_SHA,TLS_AES_128_GCM_SHA256,ECDHE-RSA-AES128-GCM-SHA256",
        "multizone.global.kds.tlsCipherSuites=TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
        "apiServer.https.tlsMinVersion=TLSv1_1",
      );
      const supported = `supported are ${CIPHER_SUITES.join(", ")}`;
      expect(found.toSorted()).toEqual([
        "apiServer.https.tlsMinVersion: has to be one of (empty), TLSv1_2, TLSv1_3",
        `dpServer.tlsCipherSuites: cannot be served: TLS_RSA_WITH_RC4_128_SHA, ECDHE-RSA-AES128-GCM-SHA256; ${supported}`,
        `multizone.global.kds.tlsCipherSuites: cannot be served: TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA; ${supported}`,
      ]);
    });

    it("refuses what nobody could connect with", () => {
      expect(
        problemsOf(
          "dpServer.tlsMinVersion=TLSv1_3",
          "dpServer.tlsMaxVersion=TLSv1_2",
          "multizone.global.kds.tlsMaxVersion=TLSv1_2",
          "multizone.global.kds.tlsCipherSuites=TLS_AES_128_GCM_SHA256",
          "apiServer.https.tlsMaxVersion=TLSv1_2",
          "apiServer.https.tlsCipherSuites=TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA",
        ),
      ).toEqual([
        "dpServer.tlsMaxVersion: TLSv1_2 is below dpServer.tlsMinVersion, which is TLSv1_3",
        "multizone.global.kds.tlsCipherSuites: has no suite of TLS 1.2, and multizone.global.kds.tlsMaxVersion allows nothing newer: TLS_AES_128_GCM_SHA256",
      ]);
    });

    it("counts general with each server, and tells what is wrong with it alone once", () => {
      expect(problemsOf("general.tlsMinVersion=TLSv1_3", "dpServer.tlsMaxVersion=TLSv1_2")).toEqual([
        "dpServer.tlsMaxVersion: TLSv1_2 is below general.tlsMinVersion, which is TLSv1_3",
      ]);
      expect(
        problemsOf(
          "general.tlsMaxVersion=TLSv1_2",
          "dpServer.tlsMinVersion=TLSv1_3",
          "multizone.global.kds.tlsMinVersion=TLSv1_3",
        ),
      ).toEqual([
        "general.tlsMaxVersion: TLSv1_2 is below dpServer.tlsMinVersion, which is TLSv1_3",
        "general.tlsMaxVersion: TLSv1_2 is below multizone.global.kds.tlsMinVersion, which is TLSv1_3",
      ]);
      expect(problemsOf("general.tlsMinVersion=TLSv1_3", "general.tlsMaxVersion=TLSv1_2")).toEqual([
        "general.tlsMaxVersion: TLSv1_2 is below general.tlsMinVersion, which is TLSv1_3",
      ]);
      expect(problemsOf("general.tlsMaxVersion=TLSv1_2", "general.tlsCipherSuites=TLS_AES_256_GCM_SHA384")).toEqual([
        "general.tlsCipherSuites: has no suite of TLS 1.2, and general.tlsMaxVersion allows nothing newer: TLS_AES_256_GCM_SHA384",
      ]);
    });

    it("needs certificate and key together, in each section", () => {
      for (const section of Object.keys(SECTIONS)) {
        expect(problemsOf(`${section}.tlsCertFile=f`)).toEqual([
          `${section}.tlsKeyFile: has to be set together with ${section}.tlsCertFile`,
        ]);
        expect(problemsOf(`${section}.tlsKeyFile=f`)).toEqual([
          `${section}.tlsCertFile: has to be set together with ${section}.tlsKeyFile`,
        ]);
      }
    });
  });

  it("checks what zones show and are asked for", () => {
    const problemsOf = (...settings: readonly string[]) => {
      const loaded = load({ settings });
      return loaded.ok ? [] : loaded.error.map(({ setting }) => setting);
    };
    const [asked, own] = ["multizone.global.kds.auth", "multizone.zone.kds.auth"];
    expect(problemsOf(`${asked}.type=clientCert`, "multizone.global.kds.tlsEnabled=false")).toEqual([
      `${asked}.clientCaFile`,
      `${asked}.type`,
    ]);
    expect(problemsOf(`${own}.token=t`, `${own}.tokenFile=f`, `${own}.keyFile=k`)).toEqual([
      `${own}.tokenFile`,
      `${own}.keyFile`,
    ]);
    expect(problemsOf(`${own}.token=hunter2`, "multizone.zone.globalAddress=grpc://cp:5685")).toEqual([
      "multizone.zone.globalAddress",
    ]);
    expect(problemsOf(`${own}.tokenFile=f`, "multizone.zone.globalAddress=grpcs://cp:5685")).toEqual([]);
  });

  it("warns of unknown keys and refuses what is not YAML", () => {
    const unknown = load({ file: { name: "x.yaml", text: "future: { a: 1 }\nstore: { type: memory }" } });
    expect(unknown.ok && unknown.value.warnings).toEqual(["x.yaml: unknown setting future is ignored"]);
    const garbage = load({ file: { name: "x.yaml", text: "a: [1" } });
    expect(garbage.ok).toBe(false);
    expect(load({ file: { name: "x.yaml", text: "- 1" } }).ok).toBe(false);
    expect(load({ file: { name: "x.yaml", text: "store: lmdb" } }).ok).toBe(false);
  });

  it("takes keys without a value, and empty kinds of proof, for their defaults, as Kuma's own file has them", () => {
    const text = `
general: { tlsCertFile: , tlsMaxVersion: , resilientComponentBaseBackoff: }
store:
dpServer: { port: , tlsCipherSuites: , authn: { dpProxy: { type: "" }, zoneProxy: { type: "" } } }
multizone: { zone: { globalAddress: } }
future:
`;
    const loaded = load({ file: { name: "kuma.yaml", text } });
    const defaults = load({});
    if (!loaded.ok || !defaults.ok) throw new Error(JSON.stringify([loaded, defaults]));
    expect(loaded.value.config).toEqual(defaults.value.config);
    expect(loaded.value.warnings).toEqual(["kuma.yaml: unknown setting future is ignored"]);
  });

  it("reads public keys of tokens, and says what is wrong with one", () => {
    const keys = (list: string) =>
      load({
        file: { name: "k.yaml", text: `apiServer: { authn: { tokens: { validator: { publicKeys: ${list} } } } }` },
      });
    const loaded = keys("[{ kid: a, keyFile: f }, { kid: b, key: k }]");
    expect(loaded.ok && loaded.value.config.apiServer.authn.tokens.validator.publicKeys).toEqual([
      { kid: "a", mesh: "", key: "", keyFile: "f" },
      { kid: "b", mesh: "", key: "k", keyFile: "" },
    ]);
    for (const bad of ["[{ kid: a }]", "[{ kid: a, key: k, keyFile: f }]", "[{ key: k }]", "{}", "[1]"]) {
      const problems = keys(bad);
      expect(problems.ok ? "" : problems.error[0]?.setting, bad).toContain("publicKeys");
    }
  });

  it("gives every setting a variable of its own", () => {
    const variables = leafPaths(configSchema).flatMap((path) => variablesOf(path));
    expect(new Set(variables).size).toBe(variables.length);
    expect(variables).toContain("KUMA_MULTIZONE_ZONE_KDS_ROOT_CA_FILE");
    expect(variables).toContain("KUMA_MULTIZONE_GLOBAL_KDS_TLS_CERT_FILE");
    expect(variables).not.toContain("KUMA_SYNC_HOLD_TIME");
    expect(variables).toContain("KUMA_ACCESS_STATIC_GET_CONFIG_DUMP_USERS");
    expect(variables).toContain("KUMA_DP_SERVER_AUTHN_DP_PROXY_DP_TOKEN_VALIDATOR_USE_SECRETS");
  });
});
