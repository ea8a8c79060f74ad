/** The real Envoy on what we make: it refuses what only looks right. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { envoyBinary, type KeyPair, type TempFolder, TestCa, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnvoyConfig } from "./draft/finish.ts";
import { configurationOf, GOLDEN_CASES, readGoldenCase, SYSTEM_CA_PATH } from "./testing/golden-case.ts";
import { RECORDED_PROXIES, recordedConfiguration } from "./testing/recorded-configuration.ts";
import { staticBootstrap } from "./testing/static-bootstrap.ts";
import { testSecrets } from "./testing/test-secrets.ts";

const envoy = envoyBinary();
const run = promisify(execFile);
/** Folders of the machines that configurations are for; not inside of texts. */
const LOCAL_PATHS = /(?<!\\)"\/(?:var\/log|run\/dp|run\/lab\/log|run\/lab\/dp\/[a-z0-9-]+)\//g;

describe.skipIf(envoy === undefined)("Envoy accepts (needs Envoy)", () => {
  let folder: TempFolder;
  let pair: KeyPair;
  let systemCa: string;
  beforeAll(async () => {
    folder = await tempFolder();
    const ca = await TestCa.create();
    pair = await ca.issue({ commonName: "test", usage: "server", names: ["spiffe://default/test"] });
    systemCa = join(folder.path, "system-ca.pem");
    await writeFile(systemCa, pair.certificate);
    await writeFile(join(folder.path, "cert.pem"), pair.certificate);
    await writeFile(join(folder.path, "key.pem"), pair.privateKey);
  });
  afterAll(() => folder.remove());

  it.each(RECORDED_PROXIES)("the configuration of %s %s %s", async (profile, zone, name) => {
    const config = recordedConfiguration(profile, zone, name, { cert: pair.certificate, key: pair.privateKey });
    expect(await answerTo(config, name)).toContain("OK");
  });

  it.concurrent.each(distinctConfigurations())("the golden case $name", async ({ name, config }) => {
    expect(await answerTo(config, name)).toContain("OK");
  });

  async function answerTo(config: EnvoyConfig, name: string): Promise<string> {
    const bootstrap = staticBootstrap(config, testSecrets(config.secrets, pair));
    const file = join(folder.path, `${name}.json`);
    const text = JSON.stringify(bootstrap).replaceAll(SYSTEM_CA_PATH, systemCa);
    // Envoy opens the files that it is to log to.
    await writeFile(file, text.replaceAll(LOCAL_PATHS, `"${folder.path}/`));
    const { stdout, stderr } = await run(envoy ?? "", [
      "--mode",
      "validate",
      "--concurrency",
      "1",
      "-c",
      file,
      "--log-level",
      "warn",
    ]).catch((error: { stdout: string; stderr: string }) => error);
    return `${stdout}${stderr}`;
  }
});

/** Cases that look at parts of one configuration are asked about once. */
function distinctConfigurations(): readonly { readonly name: string; readonly config: EnvoyConfig }[] {
  const byContent = new Map<string, { readonly name: string; readonly config: EnvoyConfig }>();
  for (const name of GOLDEN_CASES) {
    const config = configurationOf(readGoldenCase(name));
    const content = JSON.stringify([config.clusters, config.endpoints, config.listeners].map((parts) => [...parts]));
    if (!byContent.has(content)) byContent.set(content, { name, config });
  }
  return [...byContent.values()];
}
