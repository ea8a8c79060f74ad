import { selfSignedPair } from "@isthmus/grpc-kit";
import { expect, it } from "vitest";
import { CertificateMetrics } from "./certificate-metrics.ts";
import { Metrics } from "./metrics.ts";

it("tells when certificates end, and nothing of what is none", async () => {
  const metrics = new Metrics("Global");
  const certificates = new CertificateMetrics(metrics);
  const now = Date.UTC(2026, 0, 1);
  let pem = (await selfSignedPair({ names: ["localhost"], nowMs: now })).certificate;
  certificates.watch("kds", () => pem);
  certificates.watch("api", () => undefined);
  certificates.watch("broken", () => "no PEM");
  const expiry = async (): Promise<number> => {
    const text = await metrics.text();
    expect(text).not.toMatch(/use="(api|broken)"/);
    return Number(/use="kds",zone="Global"\} (\S+)/.exec(text)?.[1]);
  };
  const first = await expiry();
  expect(first).toBeGreaterThan(now / 1_000);
  pem = (await selfSignedPair({ names: ["localhost"], nowMs: now + 86_400_000 })).certificate;
  expect(await expiry()).toBe(first + 86_400);
});
