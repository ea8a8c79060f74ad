import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@isthmus/testkit";
import { expect, it } from "vitest";
import { findEnvoy, parseEnvoyVersion } from "./envoy-binary.ts";

const BUILD = "abc/1.40.0/Clean/RELEASE/BoringSSL";

it("reads the version of Envoy", () => {
  const text = `\n/usr/bin/envoy  version: ${BUILD}\n\n`;
  expect(parseEnvoyVersion(text)).toEqual({ ok: true, value: { version: "1.40.0", build: BUILD, isCompatible: true } });
  expect(parseEnvoyVersion(text.replace("1.40.0", "1.30.1"))).toMatchObject({ value: { isCompatible: false } });
  expect(parseEnvoyVersion("nginx version: nginx/1.29")).toMatchObject({ ok: false });
});

it("finds Envoy by path, by the variable, on PATH", async () => {
  const folder = await tempFolder();
  const [own, other] = ["own", "other"].map((name) => {
    const file = join(folder.path, name, "envoy");
    mkdirSync(join(folder.path, name));
    writeFileSync(file, "");
    chmodSync(file, 0o755);
    return file;
  });
  const env = { PATH: `${folder.path}/missing:${folder.path}/other` };
  expect(findEnvoy("envoy", env)).toBe(other);
  expect(findEnvoy("envoy", { ...env, ISTHMUS_ENVOY: own })).toBe(own);
  expect(findEnvoy(own, env)).toBe(own);
  expect(findEnvoy("envoy-2", { ...env, ISTHMUS_ENVOY: own })).toBeUndefined();
  expect(findEnvoy(folder.path, env)).toBeUndefined();
  await folder.remove();
});
