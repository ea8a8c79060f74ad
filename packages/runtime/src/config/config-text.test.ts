import { expect, it } from "vitest";
import { configText } from "./config-text.ts";
import { loadConfig } from "./load.ts";

it("prints every setting under Kuma's keys, durations as text", () => {
  const loaded = loadConfig({
    env: {},
    settings: ["sync.watchdogTimeout=1m30s", "apiServer.http.port=6681", "multizone.zone.kds.auth.token=hunter2"],
  });
  if (!loaded.ok) throw new Error("the configuration is valid");
  const printed = configText(loaded.value.config, "zone");
  expect(printed).not.toContain("hunter2");
  const text = JSON.parse(printed) as unknown;
  expect(text).toMatchObject({
    mode: "zone",
    environment: "universal",
    apiServer: { http: { port: 6681, enabled: true } },
    multizone: {
      global: { kds: { zoneInsightFlushInterval: "10s", tlsEnabled: true, labels: { skipPrefixes: [] } } },
      zone: { kds: { auth: { token: "*****", tokenFile: "" } } },
    },
    sync: { watchdogTimeout: "1m30s", holdTime: "10m0s" },
  });
});
