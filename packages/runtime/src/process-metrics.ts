/**
 * Metrics of the process that Go's client library has and Node's has not, where the system tells: Linux.
 * Source of names: prometheus/client_golang, which Kuma registers (kuma v2.14.3: pkg/metrics/metrics.go).
 */
import { readFileSync } from "node:fs";
import type { Metrics } from "./metrics.ts";

export function bindProcessMetrics(metrics: Metrics, read: (file: string) => string | undefined = readProc): void {
  for (const [name, help, member] of [
    ["process_network_receive_bytes_total", "Bytes received by the network interfaces of the process", "InOctets"],
    ["process_network_transmit_bytes_total", "Bytes sent by the network interfaces of the process", "OutOctets"],
  ] as const) {
    let told = 0;
    metrics.counter(name, help, [], (counter) => {
      const bytes = networkBytes(read("/proc/self/net/netstat") ?? "", member);
      if (bytes === undefined || bytes < told) return;
      counter.inc(bytes - told);
      told = bytes;
    });
  }
  metrics.gauge(
    "process_virtual_memory_max_bytes",
    "Most virtual memory that may be used; -1: no limit",
    [],
    (gauge) => {
      const limit = /^Max address space\s+(\S+)/m.exec(read("/proc/self/limits") ?? "")?.[1];
      if (limit !== undefined) gauge.set(limit === "unlimited" ? -1 : Number(limit));
    },
  );
}

/** Of the namespace of the process. Names stand in one line, values in the next. */
function networkBytes(netstat: string, member: string): number | undefined {
  const [names = [], values = []] = netstat
    .split("\n")
    .filter((line) => line.startsWith("IpExt:"))
    .map((line) => line.split(" "));
  const value = values[names.indexOf(member)];
  return value === undefined ? undefined : Number(value);
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
