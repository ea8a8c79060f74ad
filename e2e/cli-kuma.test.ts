/**
 * Our command line against real control planes of Kuma 2.14.3: a global with a zone under it, and a zone of its own. Runs where KUMA_BIN
 * names a folder with a kuma-cp; skipped by name elsewhere.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "@isthmus/std";
import { eventually, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND } from "./harness/control-plane.ts";
import { KUMA_BIN, KumaControlPlane } from "./harness/kuma.ts";
import { meshTimeout } from "./harness/samples.ts";

const KUMA_PACE = { timeoutMs: 90_000, intervalMs: 200 };

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder("isthmus-cli-kuma-");
});
afterAll(() => folder.remove());

function start(server: KumaControlPlane, args: readonly string[], input = "") {
  const env = {
    ...process.env,
    ISTHMUS_SERVER: server.restUrl,
    ISTHMUS_PROFILES: join(folder.path, "profiles.yaml"),
  };
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: "pipe" });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => void (written[name] += text));
  }
  child.stdin.end(input);
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, ...written })));
  return { child, ended, written };
}

const run = (server: KumaControlPlane, args: readonly string[], input = ""): Promise<Ended> =>
  start(server, args, input).ended;
/** Text of a command that has to go well. */
async function ok(server: KumaControlPlane, args: readonly string[], input = ""): Promise<string> {
  const ended = await run(server, args, input);
  expect(ended, args.join(" ")).toMatchObject({ code: 0, stderr: "" });
  return ended.stdout;
}

const jsonOf = async (server: KumaControlPlane, args: readonly string[]): Promise<JsonObject> =>
  JSON.parse(await ok(server, [...args, "-o", "json"])) as JsonObject;

const TIMEOUT = JSON.stringify(meshTimeout("cli", "7s"));

describe.skipIf(KUMA_BIN === undefined)(
  "isthmus against a real Kuma global (needs KUMA_BIN)",
  { timeout: 120_000 },
  () => {
    let global: KumaControlPlane;
    let zone: KumaControlPlane;
    beforeAll(async () => {
      global = await KumaControlPlane.create({ folder: join(folder.path, "global") });
      await global.start();
      const globalAddress = `grpcs://127.0.0.1:${global.kdsPort}`;
      zone = await KumaControlPlane.create({
        folder: join(folder.path, "east"),
        zone: { name: "east", globalAddress },
      });
      await zone.start();
      await eventually(async () => (await zone.api.find("meshes/default")) !== undefined, KUMA_PACE);
    }, 180_000);
    afterAll(async () => {
      await zone.stop();
      await global.stop();
    });

    it("gets, applies and deletes", async () => {
      expect(await ok(global, ["get", "meshes"])).toMatch(/^NAME .*\ndefault /);
      expect(await ok(global, ["apply", "--dry-run", "-f", "-"], TIMEOUT)).toContain("cli");
      expect(await run(global, ["get", "meshtimeout", "cli"])).toMatchObject({ code: 1 });
      expect(await ok(global, ["apply", "-f", "-"], TIMEOUT)).toMatch(/cli.*created/);
      expect(await ok(global, ["apply", "-f", "-"], TIMEOUT)).toMatch(/cli.*updated/);
      expect(await ok(global, ["get", "meshtimeout", "cli", "-o", "yaml"])).toContain("7s");
      expect(await ok(global, ["describe", "meshtimeout", "cli"])).toContain("cli");
      await ok(global, ["apply", "-f", "-"], TIMEOUT.replace("7s", "8s"));
      expect(JSON.stringify(await jsonOf(global, ["get", "meshtimeout", "cli"]))).toContain('"8s"');
      await ok(global, ["delete", "meshtimeout", "cli"]);
      expect((await jsonOf(global, ["get", "meshtimeouts"])).items).not.toContainEqual(
        expect.objectContaining({ name: "cli" }),
      );
    });

    it("says what Kuma refuses, as Kuma says it", async () => {
      const wrong = JSON.stringify({ type: "MeshTimeout", mesh: "default", name: "wrong", spec: { to: [{}] } });
      const refused = await run(global, ["apply", "-f", "-"], wrong);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("spec.to[0].targetRef");
      expect(await run(global, ["get", "meshes", "-s", zone.restUrl.replace(/\d+$/, "1")])).toMatchObject({ code: 1 });
    });

    it("shows its zones and what they hold", async () => {
      await zone.api.put("meshes/default/dataplanes/web", {
        type: "Dataplane",
        mesh: "default",
        name: "web",
        networking: { address: "127.0.0.9", inbound: [{ port: 8080, tags: { "kuma.io/service": "web" } }] },
      });
      await eventually(async () => (await ok(global, ["get", "dataplanes"])).includes("web"), KUMA_PACE);
      await eventually(async () => /^east +Online/m.test(await ok(global, ["inspect", "zones"])), KUMA_PACE);
      expect(await ok(global, ["zones"])).toMatch(/^east /m);
      expect(await ok(global, ["zones", "describe", "east"])).toContain("east");
      expect(await ok(global, ["inspect", "meshes"])).toMatch(/^default /m);
      expect(await ok(global, ["inspect", "dataplanes"])).toContain("web");
      const name = (await ok(global, ["get", "dataplanes"])).match(/web-\w+/)?.[0] ?? "";
      expect(await ok(global, ["inspect", "dataplane", name, "--type", "rules"])).toContain("rules");
      expect((await run(global, ["inspect", "dataplane", name, "--type", "config"])).stderr).toContain("global");
      // No Envoy runs for it.
      expect(await run(global, ["inspect", "dataplane", name, "--type", "clusters"])).toMatchObject({ code: 1 });
    });

    it("gets tokens of it, and makes some that it takes", async () => {
      for (const args of [
        ["dataplane", "--name", "web"],
        ["zone", "--zone", "east"],
        ["user", "--name", "john", "--group", "team-a", "--valid-for", "1h"],
      ]) {
        expect(await ok(global, ["generate", "token", ...args])).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      }
      const key = await ok(global, ["generate", "signing-key", "--format", "pem"]);
      const [keyFile, tokenFile] = [join(folder.path, "key.pem"), join(folder.path, "token")];
      writeFileSync(keyFile, key);
      const name = "user-token-signing-key-7";
      const data = Buffer.from(key).toString("base64");
      await ok(global, ["apply", "-f", "-"], JSON.stringify({ type: "GlobalSecret", name, data }));
      const made = ["generate", "token", "user", "--name", "root", "--valid-for", "1h", "--signing-key-path", keyFile];
      for (const [group, code] of [
        ["mesh-system:admin", 0],
        ["team-a", 1],
      ] as const) {
        writeFileSync(tokenFile, await ok(global, [...made, "--kid", "7", "--group", group]));
        // From elsewhere: on its own machine everybody is an administrator.
        const elsewhere = ["--token-file", tokenFile, "--header", "x-forwarded-for=203.0.113.7"];
        expect(await run(global, ["get", "global-secrets", ...elsewhere])).toMatchObject({ code });
      }
    });

    it("watches, although it can only ask", async () => {
      const { child, ended, written } = start(global, ["get", "meshes", "-w", "--interval", "100ms"]);
      await eventually(() => written.stdout.includes("present"), KUMA_PACE);
      await ok(global, ["apply", "-f", "-"], JSON.stringify({ type: "Mesh", name: "watched" }));
      await eventually(() => /^added +watched/m.test(written.stdout), KUMA_PACE);
      await ok(global, ["delete", "mesh", "watched"]);
      await eventually(() => /^deleted +watched/m.test(written.stdout), KUMA_PACE);
      child.kill("SIGINT");
      expect(await ended).toMatchObject({ code: 0, stderr: "" });
    });

    it("exports what another takes, and checks its health", async () => {
      const exported = await ok(global, ["export"]);
      expect(exported).toContain("type: Mesh\n");
      expect(await ok(global, ["apply", "--dry-run", "-f", "-"], exported)).not.toBe("");
      const { stdout, code } = await run(global, ["doctor"]);
      expect([0, 6]).toContain(code);
      expect(stdout).toContain("identity");
    });

    it("tells what it cannot say of itself", async () => {
      const { code, stderr } = await run(global, ["sync", "status"]);
      expect(code).toBe(1);
      expect(stderr).not.toBe("");
    });
  },
);

describe.skipIf(KUMA_BIN === undefined)(
  "isthmus against a real Kuma zone of its own (needs KUMA_BIN)",
  { timeout: 120_000 },
  () => {
    let zone: KumaControlPlane;
    beforeAll(async () => {
      zone = await KumaControlPlane.create({ folder: join(folder.path, "alone"), zone: { name: "alone" } });
      await zone.start();
    }, 120_000);
    afterAll(() => zone.stop());

    it("gets, applies, inspects and deletes", async () => {
      await ok(zone, ["apply", "-f", "-"], TIMEOUT);
      const dataplane = {
        type: "Dataplane",
        mesh: "default",
        name: "web",
        networking: { address: "127.0.0.9", inbound: [{ port: 8080, tags: { "kuma.io/service": "web" } }] },
      };
      await ok(zone, ["apply", "-f", "-"], JSON.stringify(dataplane));
      expect(await ok(zone, ["get", "dataplanes"])).toMatch(/^default +web /m);
      expect(await ok(zone, ["inspect", "dataplane", "web", "--type", "rules"])).toContain("MeshTimeout");
      await eventually(async () => /^web /m.test(await ok(zone, ["inspect", "services"])), KUMA_PACE);
      // It has never been connected.
      expect(await run(zone, ["inspect", "dataplane", "web", "--type", "config"])).toMatchObject({ code: 1 });
      await ok(zone, ["delete", "dataplane", "web"]);
      await ok(zone, ["delete", "meshtimeout", "cli"]);
      expect(await ok(zone, ["generate", "token", "dataplane", "--name", "web"])).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    });
  },
);
