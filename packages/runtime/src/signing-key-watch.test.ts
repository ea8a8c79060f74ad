import { generateKeyPairSync } from "node:crypto";
import { systemClock } from "@isthmus/std";
import { createMemoryStore, type ResourceDraft } from "@isthmus/store";
import { describe, expect, it } from "vitest";
import { signingKeyWatch } from "./signing-key-watch.ts";

const secret = (type: string, name: string, content: string): ResourceDraft => ({
  type,
  mesh: type === "Secret" ? "default" : "",
  name,
  labels: {},
  spec: { data: Buffer.from(content).toString("base64") },
});

async function watching(...stored: readonly ResourceDraft[]) {
  const store = createMemoryStore({ clock: systemClock });
  const put = (...drafts: readonly ResourceDraft[]) =>
    store.commit(drafts.map((resource) => ({ kind: "put", resource })));
  if (stored.length > 0) await put(...stored);
  const told: string[] = [];
  const watch = signingKeyWatch(store, ({ secret: name, reason }) => told.push(`${name}: ${reason}`));
  await watch.start();
  return { put, told, watch };
}

describe("signing keys that are none", () => {
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ format: "pem", type: "pkcs1" })
    .toString();

  it("are told of once, those of the start and new ones, without their content", async () => {
    const { put, told } = await watching(
      secret("GlobalSecret", "user-token-signing-key-1", key),
      secret("GlobalSecret", "user-token-signing-key-2", "hunter2"),
    );
    await put(secret("Secret", "dataplane-token-signing-key-default-3", "hunter2"));
    await put(secret("Secret", "other", "hunter2"));
    expect(told).toHaveLength(2);
    expect(told[0]).toContain("user-token-signing-key-2");
    expect(told[1]).toContain("dataplane-token-signing-key-default-3");
    expect(told.every((text) => text.endsWith("is no RSA private key in PEM"))).toBe(true);
  });

  it("are told of again when they have changed, and no more when they are keys or gone", async () => {
    const { put, told, watch } = await watching(secret("GlobalSecret", "zone-token-signing-key-1", ""));
    await put(secret("GlobalSecret", "zone-token-signing-key-1", "other"));
    await put(secret("GlobalSecret", "zone-token-signing-key-1", key));
    expect(told).toHaveLength(2);
    await watch.stop();
    await put(secret("GlobalSecret", "zone-token-signing-key-1", "after the end"));
    expect(told).toHaveLength(2);
  });

  it.each([
    "user-token-signing-key-new",
    "user-token-signing-key-02",
    "admin-user-token",
    "dataplane-token-signing-key-1",
    "zone-token-revocations",
  ])("%s is none and need not be one", async (name) => {
    expect((await watching(secret("GlobalSecret", name, "text"))).told).toEqual([]);
  });
});
