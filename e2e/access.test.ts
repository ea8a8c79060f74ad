/** Who may do what to running programs: a global with a token of its own, over HTTPS, and a zone under it. */
import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { ApiClient } from "@isthmus/api";
import { eventually, freePorts } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { meshTimeout, timeoutPath } from "./harness/samples.ts";

let deployment: Deployment;
let httpsPort = 0;
beforeAll(async () => {
  [httpsPort = 0] = await freePorts(1);
  deployment = await Deployment.start({
    zones: ["east"],
    global: {
      "apiServer.https.enabled": "true",
      "apiServer.https.interface": "127.0.0.1",
      "apiServer.https.port": httpsPort,
    },
  });
});
afterAll(() => deployment.stop());

const adminToken = async (api: ApiClient): Promise<string> => {
  const { data } = await api.get("global-secrets/admin-user-token");
  return Buffer.from(String(data), "base64").toString();
};

/** A stranger behind a proxy on this machine. */
function asStranger(token?: string): ApiClient {
  return new ApiClient({
    baseUrl: deployment.global.restUrl,
    fetch: (url, init) => {
      const headers = new Headers(init?.headers);
      headers.set("x-forwarded-for", "203.0.113.7");
      return fetch(url, { ...init, headers });
    },
    ...(token !== undefined && { token }),
  });
}

describe("the token of the first start", () => {
  it("lets its owner write from elsewhere, on its own control plane only", async () => {
    const token = await adminToken(deployment.global.api);
    await expect(asStranger().put(timeoutPath("t"), meshTimeout("t", "5s"))).rejects.toMatchObject({ status: 403 });
    await asStranger(token).put(timeoutPath("t"), meshTimeout("t", "5s"));
    expect((await asStranger(token).get("global-secrets/admin-user-token")).name).toBe("admin-user-token");

    const east = deployment.zones.get("east");
    if (east === undefined) throw new Error("no zone");
    expect(await adminToken(east.api)).not.toBe(token);
    const answer = await fetch(`${east.restUrl}/who-am-i`, {
      headers: { authorization: `Bearer ${token}`, "x-forwarded-for": "203.0.113.7" },
    });
    expect(answer.status).toBe(401);
  });

  it("is gone for good once it is revoked", async () => {
    const { global } = deployment;
    const token = await global.api.userToken({ name: "john", groups: ["mesh-system:admin"], validFor: "1h" });
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string };
    expect((await asStranger(token).get("global-secrets/admin-user-token")).name).toBe("admin-user-token");
    const data = Buffer.from(claims.jti).toString("base64");
    await global.api.put("global-secrets/user-token-revocations", {
      type: "GlobalSecret",
      name: "user-token-revocations",
      data,
    });
    await expect(asStranger(token).index()).resolves.toMatchObject({ product: "Kuma" });
    await expect(asStranger(token).get("meshes/default")).rejects.toMatchObject({ status: 401 });
  });

  it("and the keys of a zone stay where they are when it syncs", async () => {
    const east = deployment.zones.get("east");
    if (east === undefined) throw new Error("no zone");
    await eventually(async () => (await east.api.find(`global-secrets/zone-token-signing-public-key-1`)) !== undefined);
    const names = (await east.api.listResources("global-secrets")).map(({ name }) => name);
    expect(names).toEqual([
      "admin-user-token",
      "envoy-admin-ca",
      "user-token-signing-key-1",
      "zone-token-signing-public-key-1",
    ]);
    await expect(east.api.zoneToken({ zone: "east", scope: [] })).rejects.toMatchObject({
      status: 404,
      title: "Signing Key not found",
    });
    await expect(east.api.dataplaneToken({ mesh: "default" })).resolves.toMatch(/^ey/);
  });
});

it("HTTPS shows the certificate that zones pin as well", async () => {
  const ca = readFileSync(join(deployment.global.folder, "kuma-cp.crt"));
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = httpsRequest(
      { host: "127.0.0.1", port: httpsPort, path: "/meshes", ca, agent: false },
      (response) => {
        response.resume().once("end", () => resolve(response.statusCode));
      },
    );
    request.once("error", reject).end();
  });
  expect(status).toBe(200);
});

it("the log of the start says who may write, and no line of it holds a secret", async () => {
  const { global } = deployment;
  const token = await adminToken(global.api);
  await fetch(`${global.restUrl}/meshes`, {
    headers: { authorization: `Bearer ${token}x`, "x-real-ip": "203.0.113.7" },
  });
  await eventually(() => global.log().includes("could not parse token"));
  expect(global.log()).toContain("only from this machine");
  expect(global.log()).not.toContain(token);
  expect(global.log()).not.toContain(token.split(".")[2]);
  expect(global.log()).not.toContain("PRIVATE KEY");
  expect(await global.metrics()).toMatch(/isthmus_api_refused_total\{[^}]*code="401"[^}]*\} [1-9]/);
});
