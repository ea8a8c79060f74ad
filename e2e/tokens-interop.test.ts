/**
 * Tokens across the border: what Kuma 2.14.3 or its kumactl makes counts here, and what we make counts there, with the same keys.
 * Runs where KUMA_BIN names a folder with kuma-cp and kumactl; skipped by name elsewhere.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ApiClient } from "@isthmus/api";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ControlPlane } from "./harness/control-plane.ts";
import { Deployment } from "./harness/deployment.ts";
import { KUMA_BIN, KumaControlPlane } from "./harness/kuma.ts";

const run = promisify(execFile);
/** Keys of a serial that neither has made. */
const KID = "7";

describe.skipIf(KUMA_BIN === undefined)("tokens of Kuma and of Isthmus (needs KUMA_BIN)", () => {
  let folder: TempFolder;
  let deployment: Deployment;
  let ours: ControlPlane;
  let kuma: KumaControlPlane;
  let keyFile = "";

  beforeAll(async () => {
    folder = await tempFolder("isthmus-tokens-");
    deployment = await Deployment.start({ zones: [] });
    ours = deployment.global;
    kuma = await KumaControlPlane.create({ folder: join(folder.path, "kuma") });
    await kuma.start();
    const { stdout } = await kumactl("generate", "signing-key", "--format=pem");
    keyFile = join(folder.path, "signing.key");
    writeFileSync(keyFile, stdout);
    for (const api of [ours.api, kuma.api]) await putKey(api, stdout);
  }, 120_000);
  afterAll(async () => {
    await kuma.stop();
    await deployment.stop();
    await folder.remove();
  });

  const kumactl = (...args: readonly string[]) =>
    run(join(KUMA_BIN ?? "", "kumactl"), args, { env: { ...process.env, HOME: folder.path } });

  async function putKey(api: ApiClient, pem: string): Promise<void> {
    const data = Buffer.from(pem).toString("base64");
    for (const prefix of ["user", "zone"]) {
      const name = `${prefix}-token-signing-key-${KID}`;
      await api.put(`global-secrets/${name}`, { type: "GlobalSecret", name, data });
    }
    const name = `dataplane-token-signing-key-default-${KID}`;
    await api.put(`meshes/default/secrets/${name}`, { type: "Secret", mesh: "default", name, data });
  }

  /** Neither takes this for its own machine. */
  async function whoAmI(url: string, token: string): Promise<unknown> {
    const answer = await fetch(`${url}/who-am-i`, {
      headers: { authorization: `Bearer ${token}`, "x-forwarded-for": "203.0.113.7" },
    });
    return answer.status === 200 ? answer.json() : answer.status;
  }

  const JOHN = { name: "john", groups: ["team-a", "mesh-system:authenticated"] };
  const request = { name: "john", groups: ["team-a"], validFor: "1h" };

  it.each([
    ["ours", () => ours.api.userToken(request)],
    ["Kuma's", () => kuma.api.userToken(request)],
    [
      "kumactl's, made offline",
      async () => {
        const args = [
          "--name=john",
          "--group=team-a",
          "--valid-for=1h",
          `--signing-key-path=${keyFile}`,
          `--kid=${KID}`,
        ];
        return (await kumactl("generate", "user-token", ...args)).stdout.trim();
      },
    ],
  ])("a token of a user counts on both sides: %s", async (_, make) => {
    const token = await make();
    expect(await whoAmI(ours.restUrl, token)).toEqual(JOHN);
    expect(await whoAmI(kuma.restUrl, token)).toEqual(JOHN);
  });

  it("a token of a user is revoked on both sides with the same list", async () => {
    const token = await ours.api.userToken(request);
    const { jti } = claimsOf(token);
    for (const api of [ours.api, kuma.api]) {
      const name = "user-token-revocations";
      const data = Buffer.from(`other,${String(jti)}\n`).toString("base64");
      await api.put(`global-secrets/${name}`, { type: "GlobalSecret", name, data });
    }
    expect([await whoAmI(ours.restUrl, token), await whoAmI(kuma.restUrl, token)]).toEqual([401, 401]);
  });

  it.each([
    ["zone", (api: ApiClient) => api.zoneToken({ zone: "east", scope: ["ingress", "egress"], validFor: "1h" })],
    [
      "dataplane",
      (api: ApiClient) =>
        api.dataplaneToken({
          name: "web-1",
          mesh: "default",
          tags: { version: ["2"], "kuma.io/service": ["b", "a"] },
          type: "dataplane",
          validFor: "1h",
        }),
    ],
    ["user", (api: ApiClient) => api.userToken(request)],
  ])("a token of a %s says the same, in the same order", async (_, make) => {
    const [own, other] = [await make(ours.api), await make(kuma.api)];
    expect(own.split(".")[0]).toBe(other.split(".")[0]);
    const [mine, theirs] = [claimsOf(own), claimsOf(other)];
    expect(Object.keys(mine)).toEqual(Object.keys(theirs));
    const constant = { exp: 0, nbf: 0, iat: 0, jti: "" };
    expect(JSON.stringify({ ...mine, ...constant })).toBe(JSON.stringify({ ...theirs, ...constant }));
    expect(Number(mine["exp"]) - Number(mine["nbf"])).toBe(Number(theirs["exp"]) - Number(theirs["nbf"]));
  });
});

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
}
