/** The CAs of a Mesh: those made here and those that are brought. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type JsonObject, systemClock } from "@isthmus/std";
import { tempFolder } from "@isthmus/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeKeyMaker } from "../keys/key-maker.ts";
import { key, mesh, rig } from "../testing/rig.ts";

const withBackend = (backend: JsonObject) => mesh("m", { mtls: { backends: [backend] } });
const invalid = (step: string, ...violations: [string, string][]) => ({
  ok: false,
  error: { kind: "invalid", step, violations: violations.map(([field, reason]) => ({ field, reason })) },
});

describe("a builtin CA", () => {
  const withCa = (caCert: JsonObject) => withBackend({ name: "a", type: "builtin", conf: { caCert } });

  it.each<[string, JsonObject, string, string]>([
    ["a key that is too short", { RSAbits: 512 }, "RSAbits", "must be in inclusive range [1024, 8192]"],
    ["a key that takes for ever", { RSAbits: 1_000_000 }, "RSAbits", "must be in inclusive range [1024, 8192]"],
    ["an expiration that is none", { expiration: "soon" }, "expiration", "has to be a valid format"],
    ["an expiration beyond all dates", { expiration: "9999999y" }, "expiration", "has to be a valid format"],
  ])("is not made with %s, and not asked for when it exists", async (_, caCert, field, reason) => {
    const { put, store, keys } = rig();
    expect(await put(withCa(caCert))).toEqual(invalid("create", [`mtls.backends[0].conf.caCert.${field}`, reason]));
    await put(mesh("m"));
    const secret = (name: string) => ({ ...key("Secret", "m", name), labels: {}, spec: { data: "AA==" } });
    await store.commit([
      { kind: "put", resource: secret("m.ca-builtin-cert-a") },
      { kind: "put", resource: secret("m.ca-builtin-key-a") },
    ]);
    expect(await put(withCa(caCert))).toMatchObject({ ok: true });
    expect(keys.caRequests).toEqual([]);
  });

  it.each([
    ["4096", 4096],
    ["0", 2048],
    [0, 2048],
  ])("of RSAbits %j has %d", async (RSAbits, bits) => {
    const { put, keys } = rig();
    expect(await put(withCa({ RSAbits, expiration: "0" }))).toMatchObject({ ok: true });
    expect(keys.caRequests.map((request) => request.key)).toEqual([{ kind: "rsa", bits }]);
  });
});

describe("a provided CA", () => {
  const provided = (conf: JsonObject) => withBackend({ name: "p", type: "provided", conf });

  it("comes from files, secrets of the mesh or the mesh itself", async () => {
    const pair = await nodeKeyMaker(systemClock).ca({ commonName: "m", validityMs: 60_000, key: { kind: "ec" } });
    const folder = await tempFolder();
    onTestFinished(() => folder.remove());
    const file = join(folder.path, "ca.pem");
    await writeFile(file, pair.cert);
    const { put } = rig();
    await put(mesh("m"));
    await put({ ...key("Secret", "m", "ca-key"), spec: { data: btoa(pair.key) } });
    const sources = [
      { cert: { inlineString: pair.cert }, key: { inline: btoa(pair.key) } },
      { cert: { file }, key: { secret: "ca-key" } },
    ];
    for (const conf of sources) expect(await put(provided(conf))).toMatchObject({ ok: true });
    expect(await put(provided({ cert: { inlineString: pair.cert }, key: { inlineString: "x" } }))).toEqual(
      invalid("update", [
        "mtls.backends[0].conf.cert",
        "not a valid TLS key pair: tls: failed to find any PEM data in key input",
      ]),
    );
  });

  it.each([
    ["a secret that is not there", { secret: "none" }, 'resource not found: type="Secret" name="none" mesh="m"'],
    ["a file that is not there", { file: "/none/ca.pem" }, "open /none/ca.pem: no such file or directory"],
    ["a file below a file", { file: "/dev/null/ca.pem" }, "open /dev/null/ca.pem: not a directory"],
    ["a device without end", { file: "/dev/zero" }, "open /dev/zero: not a regular file"],
    ["a folder", { file: "/" }, "open /: not a regular file"],
  ])("is refused with %s, at both members", async (_, source, reason) => {
    const { put } = rig();
    expect(await put(provided({ cert: { inlineString: "x" }, key: source }))).toEqual(
      invalid(
        "create",
        ["mtls.backends[0].conf.cert", `could not load data: ${reason}`],
        ["mtls.backends[0].conf.key", `could not load data: ${reason}`],
      ),
    );
  });

  it("is refused from a file that is too large for one", async () => {
    const folder = await tempFolder();
    onTestFinished(() => folder.remove());
    const file = join(folder.path, "ca.pem");
    await writeFile(file, Buffer.alloc(1024 * 1024 + 1));
    const { put } = rig();
    expect(await put(provided({ cert: { file }, key: { file } }))).toMatchObject({
      error: { violations: [{ reason: `could not load data: read ${file}: more than 1048576 bytes` }, {}] },
    });
  });
});
