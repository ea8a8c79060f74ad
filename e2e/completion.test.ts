/** Completion as a person meets it, in each shell that this machine has. */
import { execFile, execFileSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND, ControlPlane } from "./harness/control-plane.ts";

const run = promisify(execFile);

let folder: TempFolder;
let global: ControlPlane;
beforeAll(async () => {
  folder = await tempFolder("isthmus-e2e-");
  const [restPort = 0, diagnosticsPort = 0, kdsPort = 0] = await freePorts(3);
  global = new ControlPlane({
    role: "global",
    name: "global",
    folder: join(folder.path, "global"),
    settings: { "store.type": "memory" },
    restPort,
    diagnosticsPort,
    kdsPort,
  });
  await mkdir(join(folder.path, "bin"));
  const command = join(folder.path, "bin", "isthmus");
  await writeFile(command, `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`);
  await chmod(command, 0o755);
  await global.start();
  await global.api.put("zones/east", { type: "Zone", name: "east" });
});
afterAll(async () => {
  await global.kill();
  await folder.remove();
});

function has(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function output(shell: string, script: string): Promise<readonly string[]> {
  const env = {
    ...process.env,
    PATH: `${join(folder.path, "bin")}:${process.env["PATH"] ?? ""}`,
    HOME: folder.path,
    ISTHMUS_SERVER: global.restUrl,
    ISTHMUS_PROFILES: join(folder.path, "profiles.yaml"),
  };
  const { stdout } = await run(shell, ["-c", script], { env });
  return stdout.trimEnd().split("\n");
}

describe.runIf(has("bash"))("bash", () => {
  /** As Readline cuts the words. */
  const pressed = (...words: readonly string[]): Promise<readonly string[]> =>
    output(
      "bash",
      `source <(isthmus completion bash); COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _isthmus 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );

  it("completes commands, names of the server and values", async () => {
    expect(await pressed("isthmus", "zo")).toEqual(["zone", "zones"]);
    expect(await pressed("isthmus", "describe", "zone", "")).toEqual(["east"]);
    expect(await pressed("isthmus", "get", "zones", "--output", "=", "y")).toEqual(["yaml"]);
    const [scheme = "", host = "", port = ""] = global.restUrl.split(":");
    expect(await pressed("isthmus", "zones", "describe", "-s", scheme, ":", host, ":", port, "e")).toEqual(["east"]);
  });
});

describe.runIf(has("fish"))("fish", () => {
  it("completes commands, names of the server and files", async () => {
    const lines = await output(
      "fish",
      `isthmus completion fish | source; complete -C 'isthmus describe zone '; complete -C 'isthmus get zones --output=y'; complete -C 'isthmus apply -f ${folder.path}/gl'`,
    );
    expect(lines.map((line) => line.split("\t")[0])).toEqual(["east", "--output=yaml", `${folder.path}/global/`]);
  });
});

describe.runIf(has("zsh"))("zsh", () => {
  it("completes what is typed", async () => {
    const lines = await output(
      "zsh",
      `source <(isthmus completion zsh); _describe() { print -rl -- "\${candidates[@]}" }; words=(isthmus describe zone ''); CURRENT=4; _isthmus; words=(isthmus zo); CURRENT=2; _isthmus`,
    );
    expect(lines[0]).toBe("east");
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^zone:run a zone/) as unknown,
      expect.stringMatching(/^zones:the zones of a global\\:|^zones:the zones of a global:/) as unknown,
    ]);
  });
});
