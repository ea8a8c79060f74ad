import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { run } from "../testing/test-terminal.ts";

let server: RecordedServer;
let folder: TempFolder;
let profiles: string;
beforeAll(async () => {
  server = await recordedServer();
  folder = await tempFolder();
  profiles = join(folder.path, "profiles.yaml");
  await writeFile(
    profiles,
    `profiles:\n- name: lab\n  server: ${server.url}\n- name: gone\n  server: http://127.0.0.1:1\n`,
    {
      mode: 0o600,
    },
  );
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

/** Candidates without their descriptions. */
async function completed(line: string, env: Record<string, string> = {}): Promise<readonly string[]> {
  const { code, stdout, stderr } = await run(["__complete", ...line.split(" ")], {
    env: { ISTHMUS_SERVER: server.url, ISTHMUS_PROFILES: profiles, ...env },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").flatMap((each) => (each === "" ? [] : [each.split("\t")[0] ?? ""]));
}

describe("what is offered for", () => {
  it.each<[line: string, candidates: readonly string[]]>([
    ["zo", ["zone", "zones"]],
    ["zones ", ["list", "describe"]],
    ["zones describe ", ["east", "west"]],
    ["zones describe w", ["west"]],
    ["sync ", ["status", "holds", "accept", "reject"]],
    ["generate t", ["token"]],
    ["generate token ", ["dataplane", "zone", "user"]],
    ["get meshti", ["meshtimeouts"]],
    ["get mt mesh-t", ["mesh-timeout-all-default"]],
    ["describe zone ", ["east", "west"]],
    ["delete zone east ", ["east", "west"]],
    ["inspect zonee", ["zoneegresses", "zoneegress"]],
    ["inspect dataplane west-w", ["west-web-1-xxb9649z92z7469c"]],
    ["endpoints zonei", ["zoneingress"]],
    ["get mt -o ", ["table", "wide", "json", "yaml"]],
    ["get mt --output=j", ["--output=json"]],
    ["get mt -o json --output ", ["table", "wide", "json", "yaml"]],
    ["get zones --wat", ["--watch"]],
    ["get zones --watch --wat", []],
    ["get meshtimeouts -m ", ["default"]],
    ["get zones --profile ", ["lab", "gone"]],
    ["profile use l", ["lab"]],
    ["completion ", ["bash", "zsh", "fish"]],
    ["export -p fed", ["federation", "federation-with-policies"]],
    ["doctor --check sync-stuck zone-n", ["zone-names"]],
    ["generate token zone --scope ", ["ingress", "egress"]],
    ["explain --from west-w", ["west-web-1-xxb9649z92z7469c"]],
    ["apply -f ", [":files"]],
    ["get zones --ca-file ", [":files"]],
    ["get zones -s ", []],
    ["get zones east west ", []],
    ["unicorn ", []],
  ])("%j", async (line, candidates) => expect(await completed(line)).toEqual(candidates));

  it("options of a command, with what they are", async () => {
    const { stdout } = await run(["__complete", "get", "zones", "--"]);
    expect(stdout).toContain("--output\tform of the answer");
    expect(stdout).toContain("--server\t");
    expect(stdout).toContain("--help\t");
  });

  it("names on the server that the line itself names", async () => {
    const elsewhere = { ISTHMUS_SERVER: "http://127.0.0.1:1" };
    expect(await completed("zones describe ", elsewhere)).toEqual([]);
    expect(await completed(`zones describe -s ${server.url} `, elsewhere)).toEqual(["east", "west"]);
    expect(await completed("zones describe --profile lab ", elsewhere)).toEqual(["east", "west"]);
    expect(await completed("zones describe --profile gone ")).toEqual([]);
  });

  it("types that this version knows, when the server does not answer", async () => {
    expect(await completed("get meshti", { ISTHMUS_SERVER: "http://127.0.0.1:1" })).toEqual(["meshtimeouts"]);
  });
});

it.each(["bash", "zsh", "fish"])("there is a script for %s", async (shell) => {
  const { code, stdout } = await run(["completion", shell]);
  expect(code).toBe(0);
  expect(stdout).toContain("__complete");
});
