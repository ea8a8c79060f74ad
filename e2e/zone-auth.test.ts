/** Zones that prove to their global who they are, with tokens and with certificates: processes as an operator runs them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, type KeyPair, TestCa } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { ControlPlane } from "./harness/control-plane.ts";
import { Deployment } from "./harness/deployment.ts";
import { meshTimeout, SOON, TIMEOUTS, timeoutPath } from "./harness/samples.ts";

const GLOBAL_AUTH = "multizone.global.kds.auth";
const ZONE_AUTH = "multizone.zone.kds.auth";

let deployment: Deployment | undefined;
afterEach(() => deployment?.stop());

function zoneOf(of: Deployment, name: string): ControlPlane {
  const zone = of.zones.get(name);
  if (zone === undefined) throw new Error(`no zone ${name}`);
  return zone;
}

const has = async (zone: ControlPlane, name: string): Promise<boolean> =>
  (await zone.byDisplayName(TIMEOUTS, name)) !== undefined;

const idOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string }).jti;

describe("with tokens", () => {
  it("a zone joins with its own, no other and none; revoking it ends the stream, a new one in the file begins it", async () => {
    deployment = await Deployment.prepare({
      zones: ["east", "west"],
      zone: SOON,
      global: { [`${GLOBAL_AUTH}.type`]: "zoneToken" },
    });
    const { global } = deployment;
    const [east, west] = [zoneOf(deployment, "east"), zoneOf(deployment, "west")];
    await global.start();
    const tokenOf = (zone: string) => global.api.zoneToken({ zone, scope: ["cp"], validFor: "1h" });
    const [eastToken, westToken] = [await tokenOf("east"), await tokenOf("west")];

    mkdirSync(east.folder, { recursive: true });
    const file = join(east.folder, "token");
    writeFileSync(file, `${eastToken}\n`);
    await east.start({ [`${ZONE_AUTH}.tokenFile`]: file });
    await west.start({ [`${ZONE_AUTH}.token`]: eastToken });
    await global.api.put(timeoutPath("one"), meshTimeout("one", "5s"));
    await eventually(() => has(east, "one"));
    await eventually(() => west.log().includes("the token is that of zone east, not of zone west"));
    await eventually(() => global.log().includes("the token is that of zone east, not of zone west"));
    expect((await global.api.listResources("zones")).map(({ name }) => name)).toEqual(["east"]);
    await west.stop();

    await west.start();
    await eventually(() => west.log().includes('zone west has to show a zone token with scope \\"cp\\"'));
    await west.stop();
    await west.start({ [`${ZONE_AUTH}.token`]: westToken });
    await eventually(() => has(west, "one"));

    await global.api.put("global-secrets/zone-token-revocations", {
      type: "GlobalSecret",
      name: "zone-token-revocations",
      data: Buffer.from(idOf(eastToken)).toString("base64"),
    });
    await eventually(() => east.log().includes("token is revoked"));
    await global.api.put(timeoutPath("two"), meshTimeout("two", "5s"));
    await eventually(() => has(west, "two"));
    expect(await has(east, "two")).toBe(false);

    writeFileSync(file, await tokenOf("east"));
    await eventually(() => has(east, "two"));

    const { subscriptions } = (await global.api.get("zone-insights/east")) as unknown as {
      subscriptions: readonly { readonly authTokenProvided?: boolean }[];
    };
    expect(subscriptions.at(-1)?.authTokenProvided).toBe(true);
    const config = await (await fetch(`${west.restUrl}/config`)).text();
    expect(config).toContain('"token":"*****"');
    for (const text of [global.log(), east.log(), west.log(), config, JSON.stringify(subscriptions)]) {
      for (const token of [eastToken, westToken]) expect(text).not.toContain(token.split(".")[2]);
    }
    const metrics = await global.metrics();
    expect(metrics).toMatch(/isthmus_zone_authentication_off\{[^}]*\} 0/);
    expect(metrics).toMatch(/isthmus_zone_authentication_failures_total\{[^}]*code="denied"[^}]*\} [1-9]/);
  }, 300_000);
});

describe("with certificates", () => {
  it("a zone joins with one that has its name, and with no other", async () => {
    const ca = await TestCa.create("zones");
    deployment = await Deployment.prepare({ zones: ["east", "west"], zone: SOON });
    const { global } = deployment;
    const [east, west] = [zoneOf(deployment, "east"), zoneOf(deployment, "west")];
    mkdirSync(global.folder, { recursive: true });
    const caFile = join(global.folder, "zones.crt");
    writeFileSync(caFile, ca.certificate);
    await global.start({ [`${GLOBAL_AUTH}.type`]: "clientCert", [`${GLOBAL_AUTH}.clientCaFile`]: caFile });
    const own = await ca.issue({ commonName: "east", usage: "client" });
    const settingsOf = (zone: ControlPlane, pair: KeyPair) => {
      mkdirSync(zone.folder, { recursive: true });
      const [certFile, keyFile] = [join(zone.folder, "zone.crt"), join(zone.folder, "zone.key")];
      writeFileSync(certFile, pair.certificate);
      writeFileSync(keyFile, pair.privateKey);
      return { [`${ZONE_AUTH}.certFile`]: certFile, [`${ZONE_AUTH}.keyFile`]: keyFile };
    };
    await Promise.all([east.start(settingsOf(east, own)), west.start(settingsOf(west, own))]);
    await global.api.put(timeoutPath("one"), meshTimeout("one", "5s"));
    await eventually(() => has(east, "one"));
    await eventually(() => west.log().includes("the certificate is that of east, not of zone west"));
    await west.stop();
    await west.start();
    await eventually(() => west.log().includes("zone west has to show a client certificate"));
    expect((await global.api.listResources("zones")).map(({ name }) => name)).toEqual(["east"]);
  }, 300_000);
});

it("without either, log and metric warn", async () => {
  deployment = await Deployment.start({ zones: [] });
  const { global } = deployment;
  expect(global.log()).toContain("zones are not asked to prove who they are");
  expect(await global.metrics()).toMatch(/isthmus_zone_authentication_off\{[^}]*\} 1/);
});
