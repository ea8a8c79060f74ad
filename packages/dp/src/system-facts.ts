/** What the machine is like, as far as the control plane is told. */
import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { SystemFacts } from "./bootstrap/bootstrap-request.ts";

/** Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/certificate/cert.go. */
const CA_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
/** Of control groups 2 and 1. */
const MEMORY_FILES = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.limit_in_bytes"];

export function systemFacts(env: Readonly<Record<string, string | undefined>>): SystemFacts {
  return {
    platform: process.platform,
    hasIpv6: hasIpv6(),
    systemCaPath: CA_FILES.find((file) => existsSync(file)) ?? "",
    memoryLimitBytes: memoryLimit(),
    hostIp: env["HOST_IP"] ?? "",
  };
}

/** An address beyond the loopback. */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family, internal }) => family === "IPv6" && !internal),
  );
}

function memoryLimit(): number {
  const file = MEMORY_FILES.find((each) => existsSync(each));
  if (file === undefined) return 0;
  const bytes = Number(readFileSync(file, "utf8").trim());
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
}
