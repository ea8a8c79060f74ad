import { X509Certificate } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  generatedTlsIdentity,
  loadCaBundle,
  loadTlsIdentity,
  localSubjectNames,
  selfSignedPair,
} from "./tls-identity.ts";

const NOW = Date.UTC(2026, 5, 1);
const YEAR_MS = 365 * 24 * 3_600_000;

describe("TLS identity", () => {
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await tempFolder();
  });
  afterEach(() => folder.remove());

  const files = () => ({
    certificate: { path: join(folder.path, "kuma-cp.crt"), setting: "general.tlsCertFile" },
    privateKey: { path: join(folder.path, "kuma-cp.key"), setting: "general.tlsKeyFile" },
  });

  it("makes a pair once, keeps it private and uses it again", async () => {
    const first = await generatedTlsIdentity({ folder: folder.path, nowMs: NOW });
    expect(first.created).toBe("none stored");
    expect((await stat(first.keyPath)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder.path)).sort()).toEqual(["kuma-cp.crt", "kuma-cp.key"]);

    const again = await generatedTlsIdentity({ folder: folder.path, nowMs: NOW + YEAR_MS });
    expect(again.created).toBeUndefined();
    expect(again.certificate).toBe(first.certificate);
    expect(again.privateKey).toBe(first.privateKey);
  });

  it("names host, loopback and every address of the machine", async () => {
    const { certificate } = await generatedTlsIdentity({ folder: folder.path, nowMs: NOW });
    const leaf = new X509Certificate(certificate);
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect(leaf.checkIP("127.0.0.1")).toBe("127.0.0.1");
    for (const name of localSubjectNames()) {
      expect(leaf.subjectAltName).toContain(name.includes(":") ? "IP Address:" : name);
    }
    expect(leaf.checkIP("203.0.113.9")).toBeUndefined();
  });

  it("replaces an expired pair and one without its certificate", async () => {
    const first = await generatedTlsIdentity({ folder: folder.path, nowMs: NOW });
    const later = await generatedTlsIdentity({ folder: folder.path, nowMs: NOW + 11 * YEAR_MS });
    expect(later.created).toBe("expired");
    expect(later.certificate).not.toBe(first.certificate);
    await rm(later.certificatePath);
    expect((await generatedTlsIdentity({ folder: folder.path, nowMs: NOW + 11 * YEAR_MS })).created).toBe(
      "none stored",
    );
  });

  it("refuses a damaged pair instead of replacing what zones may have pinned", async () => {
    const { keyPath } = await generatedTlsIdentity({ folder: folder.path, nowMs: NOW });
    await writeFile(keyPath, "rubbish");
    await expect(generatedTlsIdentity({ folder: folder.path, nowMs: NOW })).rejects.toMatchObject({
      code: "UNREADABLE",
    });
  });

  it("says which file of the operator is missing, wrong, or out of time", async () => {
    await expect(loadTlsIdentity({ ...files(), nowMs: NOW })).rejects.toMatchObject({
      code: "MISSING",
      message: expect.stringContaining("(general.tlsCertFile)"),
    });
    const one = await selfSignedPair({ names: ["a"], nowMs: NOW });
    const other = await selfSignedPair({ names: ["b"], nowMs: NOW });
    await writeFile(files().certificate.path, one.certificate);
    await writeFile(files().privateKey.path, other.privateKey);
    await expect(loadTlsIdentity({ ...files(), nowMs: NOW })).rejects.toMatchObject({ code: "KEY_MISMATCH" });
    await writeFile(files().privateKey.path, one.privateKey);
    await expect(loadTlsIdentity({ ...files(), nowMs: NOW })).resolves.toMatchObject({ certificate: one.certificate });
    await expect(loadTlsIdentity({ ...files(), nowMs: NOW + 11 * YEAR_MS })).rejects.toMatchObject({ code: "EXPIRED" });
    await expect(loadTlsIdentity({ ...files(), nowMs: NOW - YEAR_MS })).rejects.toMatchObject({
      code: "NOT_YET_VALID",
    });
    await writeFile(files().certificate.path, "no pem");
    await expect(loadTlsIdentity({ ...files(), nowMs: NOW })).rejects.toMatchObject({ code: "UNREADABLE" });
  });

  it("loads a bundle of trusted certificates", async () => {
    const file = { path: join(folder.path, "ca.pem"), setting: "multizone.zone.kds.rootCaFile" };
    await expect(loadCaBundle(file)).rejects.toMatchObject({ code: "MISSING" });
    await writeFile(file.path, "none");
    await expect(loadCaBundle(file)).rejects.toMatchObject({ code: "UNREADABLE" });
    const { certificate } = await selfSignedPair({ names: ["a"], nowMs: NOW });
    await writeFile(file.path, certificate);
    expect(await loadCaBundle(file)).toBe(await readFile(file.path, "utf8"));
  });
});
