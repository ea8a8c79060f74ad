/** Stock kumactl, where KUMA_BIN names a folder that has it, over a global and a zone that hold what the recorded ones held. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { comparable, documentsOf, hasKumactl, kumactl, recordedCommands } from "./contract/kumactl.ts";
import { adminToken, type ControlPlane, startGlobal, startWest } from "./contract/recorded-deployment.ts";
import { recordingsOf, type Target } from "./contract/recording.ts";

/** What is not printed here: see docs/compatibility.md. */
const ABSENT: Readonly<Record<string, readonly string[]>> = {
  "global get global-secrets": ["inter-cp-ca"],
  "global export --profile all --format universal": ["GlobalSecret  inter-cp-ca"],
};

/** Cut in the recording. */
const CONFIG = "west inspect dataplane west-web-1 --type config";

const START = { global: () => startGlobal(), west: startWest };
const TIMEOUT = (name: string, origin: string): string => `type: MeshTimeout
mesh: default
name: ${name}
labels:
  kuma.io/origin: ${origin}
spec:
  targetRef:
    kind: Mesh
  to:
  - targetRef:
      kind: Mesh
    default:
      http:
        requestTimeout: 7s
`;

/** Names of resources by type. */
function namesOf(config: unknown): object {
  const { xds } = config as { readonly xds: Readonly<Record<string, object>> };
  return Object.fromEntries(Object.entries(xds).map(([type, byName]) => [type, Object.keys(byName).sort()]));
}

describe.skipIf(!hasKumactl).each(["global", "west"] as const)("stock kumactl against a %s", (target: Target) => {
  let folder: TempFolder | undefined;
  let controlPlane: ControlPlane | undefined;
  const config = (): string => join(folder?.path ?? "", "config");
  const run = (...args: readonly string[]) => kumactl(config(), args);
  const apply = (document: string) => kumactl(config(), ["apply", "-f", "-"], document);

  beforeAll(async () => {
    folder = await tempFolder("isthmus-kumactl-");
    controlPlane = await START[target]();
    const { port, instance } = controlPlane;
    const added = await run(
      "config",
      "control-planes",
      "add",
      `--name=${target}`,
      `--address=http://127.0.0.1:${port}`,
      "--auth-type=tokens",
      `--auth-conf=token=${adminToken(instance)}`,
    );
    expect(added).toMatchObject({ exit: 0, stderr: "" });
    expect(added.stdout).toBe(`added Control Plane "${target}"\nswitched active Control Plane to "${target}"\n`);
  });
  afterAll(async () => {
    await controlPlane?.stop();
    await folder?.remove();
  });

  for (const { args, exit, stdout, stderr, documents, ...command } of recordedCommands()) {
    const title = args.join(" ");
    if (command.target !== target) continue;
    it(title, async () => {
      const result = await run(...args);
      expect([result.exit, result.stderr]).toEqual([exit, stderr]);
      if (`${target} ${title}` === CONFIG) {
        const answer = recordingsOf("west").find(({ name }) => name === "west/dataplanes/web-_config")?.response.json;
        expect(namesOf(JSON.parse(result.stdout))).toEqual(namesOf(answer));
        return;
      }
      const absent = ABSENT[`${target} ${title}`] ?? [];
      const isThere = (each: unknown): boolean => !absent.some((name) => JSON.stringify(each).includes(`"${name}"`));
      if (documents === undefined) expect(comparable(result.stdout)).toEqual(comparable(stdout).filter(isThere));
      else expect(documentsOf(result.stdout).toSorted()).toEqual(documents.filter(isThere).toSorted());
    });
  }

  it("applies, shows and deletes", async () => {
    const origin = target === "global" ? "global" : "zone";
    expect(await apply(TIMEOUT("written", origin))).toMatchObject({ exit: 0, stderr: "" });
    expect((await run("get", "meshtimeout", "written", "-oyaml")).stdout).toContain("requestTimeout: 7s");
    expect(await apply(TIMEOUT("written", origin).replace("7s", "8s"))).toMatchObject({ exit: 0, stderr: "" });
    expect((await run("get", "meshtimeout", "written", "-ojson")).stdout).toContain('"requestTimeout": "8s"');
    expect(await run("delete", "meshtimeout", "written")).toMatchObject({
      exit: 0,
      stdout: 'deleted MeshTimeout "written"\n',
    });
    expect(await run("get", "meshtimeout", "written")).toMatchObject({
      exit: 1,
      stderr: "Error: No resources found in default mesh\n",
    });
  });

  it("prints what the server refuses", async () => {
    const document = TIMEOUT("written", target === "global" ? "zone" : "global");
    const { exit, stderr } = await apply(document);
    expect(exit).toBe(1);
    expect(stderr).toContain("Could not process a resource (Resource is not valid)");
    expect(stderr).toContain('labels["kuma.io/origin"]');
    const readOnly =
      target === "global"
        ? "type: Dataplane\nmesh: default\nname: x\nnetworking: {address: 10.0.0.1, inbound: [{port: 1, tags: {kuma.io/service: a}}]}"
        : "type: Mesh\nname: x";
    expect(await apply(readOnly)).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("Method not allowed") as string,
    });
  });

  it("generates tokens", async () => {
    const jwt = /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n?$/;
    const dataplane = await run(
      "generate",
      "dataplane-token",
      "--mesh=default",
      "--name=x",
      "--tag=kuma.io/service=a",
      "--valid-for=1h",
    );
    expect([dataplane.exit, dataplane.stderr]).toEqual([0, ""]);
    expect(dataplane.stdout).toMatch(jwt);
    const user = await run("generate", "user-token", "--name=a", "--group=g", "--valid-for=1h");
    expect([user.exit, user.stderr]).toEqual([0, ""]);
    expect(user.stdout).toMatch(jwt);
    const zone = await run("generate", "zone-token", "--zone=east", "--scope=ingress", "--valid-for=24h");
    if (target === "global") expect(zone.stdout).toMatch(jwt);
    else expect(zone).toMatchObject({ exit: 1, stderr: expect.stringContaining("Signing Key not found") as string });
  });

  it("is told apart from nobody in particular", async () => {
    const anonymous = join(folder?.path ?? "", "anonymous");
    await writeFile(anonymous, "");
    const address = `--address=http://127.0.0.1:${controlPlane?.port ?? 0}`;
    await kumactl(anonymous, ["config", "control-planes", "add", "--name=a", address]);
    expect(await kumactl(anonymous, ["get", "global-secrets"])).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("Access Denied") as string,
    });
    expect(await kumactl(anonymous, ["get", "meshes"])).toMatchObject({ exit: 0, stderr: "" });
  });
});
