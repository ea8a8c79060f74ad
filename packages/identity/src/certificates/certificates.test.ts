import { X509Certificate } from "node:crypto";
import { FakeClock } from "@isthmus/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { makeTestCa } from "../testing/test-ca.ts";
import type { CaKeyPair } from "./ca-key-pair.ts";
import { CertificateAuthority, type WorkloadCertificate } from "./certificate-authority.ts";
import { CertificateKeeper } from "./certificate-keeper.ts";

const NOW_MS = Date.parse("2026-06-01T00:00:00Z");
const HOUR_MS = 3_600_000;
const URIS = ["spiffe://default/backend", "kuma://version/v1"];

let rsa: CaKeyPair;
let ec: CaKeyPair;
beforeAll(async () => {
  rsa = await makeTestCa("rsa", NOW_MS);
  ec = await makeTestCa("ec", NOW_MS);
});

describe("a certificate authority", () => {
  it.each(["rsa", "ec"] as const)("with a key of type %s issues certificates that its own verifies", async (kind) => {
    const pair = kind === "rsa" ? rsa : ec;
    const opened = CertificateAuthority.open(pair);
    if (!opened.ok) throw new Error(opened.error);
    const issued = await opened.value.issue({ uris: URIS, nowMs: NOW_MS, validForMs: HOUR_MS });
    const certificate = new X509Certificate(issued.chain);
    expect(certificate.verify(new X509Certificate(pair.cert).publicKey)).toBe(true);
    expect(certificate.subjectAltName).toBe("URI:spiffe://default/backend, URI:kuma://version/v1");
    expect(certificate.ca).toBe(false);
    expect(Date.parse(certificate.validTo)).toBe(NOW_MS + HOUR_MS);
    expect(Date.parse(certificate.validFrom)).toBe(NOW_MS - 10_000);
    expect(issued.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it.each([
    ["server", ["1.3.6.1.5.5.7.3.1"]],
    ["client", ["1.3.6.1.5.5.7.3.2"]],
  ] as const)("issues certificates of hosts, good for a %s alone", async (purpose, usages) => {
    const opened = CertificateAuthority.open(rsa);
    if (!opened.ok) throw new Error(opened.error);
    const hosts = ["10.0.0.1", "fd00::1", "web.local"];
    const issued = await opened.value.issue({ hosts, purpose, nowMs: NOW_MS, validForMs: HOUR_MS });
    const certificate = new X509Certificate(issued.chain);
    expect(certificate.subjectAltName).toBe("IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1, DNS:web.local");
    expect(certificate.keyUsage).toEqual(usages);
  });

  it("says what is wrong, and shows no key", () => {
    const swapped = CertificateAuthority.open({ cert: rsa.cert, key: ec.key });
    expect(swapped).toEqual({ ok: false, error: "the key of the CA does not belong to its certificate" });
    const none = CertificateAuthority.open({ cert: rsa.cert, key: "secret text" });
    expect(none).toEqual({ ok: false, error: "the key of the CA cannot be read" });
    expect(CertificateAuthority.open({ cert: "", key: rsa.key }).ok).toBe(false);
  });
});

describe("a keeper of certificates", () => {
  function rig() {
    const clock = new FakeClock(NOW_MS);
    const issued: [string, WorkloadCertificate][] = [];
    const errors: string[] = [];
    let wake: () => void = () => {};
    const keeper = new CertificateKeeper({
      clock,
      onIssued: (key, certificate) => {
        issued.push([key, certificate]);
        wake();
      },
      onError: (_key, reason) => {
        errors.push(reason);
        wake();
      },
    });
    const next = (): Promise<void> => new Promise((resolve) => void (wake = resolve));
    return { clock, issued, errors, keeper, next };
  }

  it("issues once, and renews at four fifths of the lifetime", async () => {
    const { clock, issued, keeper, next } = rig();
    const first = next();
    keeper.want("web", { ca: ec, uris: URIS, validForMs: HOUR_MS });
    keeper.want("web", { ca: ec, uris: [...URIS], validForMs: HOUR_MS });
    await first;
    expect(issued).toHaveLength(1);
    const second = next();
    clock.advance(HOUR_MS * 0.8 - 1);
    expect(issued).toHaveLength(1);
    clock.advance(1);
    await second;
    expect(issued).toHaveLength(2);
    expect(issued[1]?.[1].expiresAtMs).toBe(NOW_MS + HOUR_MS * 1.8);
    keeper.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("issues at once when the names change, also while it is issuing", async () => {
    const { issued, keeper, next } = rig();
    const done = next();
    keeper.want("web", { ca: ec, uris: URIS, validForMs: HOUR_MS });
    keeper.want("web", { ca: ec, uris: ["spiffe://default/web"], validForMs: HOUR_MS });
    await done;
    expect(issued).toHaveLength(1);
    expect(new X509Certificate(issued[0]?.[1].chain ?? "").subjectAltName).toBe("URI:spiffe://default/web");
    keeper.stop();
  });

  it("tries again when the CA fails, and forgets who is gone", async () => {
    const { clock, issued, errors, keeper, next } = rig();
    const failed = next();
    keeper.want("web", { ca: { cert: rsa.cert, key: ec.key }, uris: URIS, validForMs: HOUR_MS });
    await failed;
    expect(errors).toEqual(["the key of the CA does not belong to its certificate"]);
    const again = next();
    clock.advance(5_000);
    await again;
    expect(errors).toHaveLength(2);
    keeper.drop("web");
    expect([issued.length, keeper.size, clock.pendingTimers]).toEqual([0, 0, 0]);
  });
});
