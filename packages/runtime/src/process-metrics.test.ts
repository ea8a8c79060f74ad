import { expect, it } from "vitest";
import { Metrics } from "./metrics.ts";
import { bindProcessMetrics } from "./process-metrics.ts";

const netstat = (received: number, sent: number): string =>
  `TcpExt: SyncookiesSent\nTcpExt: 0\nIpExt: InNoRoutes InOctets OutOctets\nIpExt: 0 ${received} ${sent}\n`;

it("tells the traffic of the process, which only grows, and its limit of memory", async () => {
  const files = new Map([
    ["/proc/self/net/netstat", netstat(100, 7)],
    ["/proc/self/limits", "Max cpu time  unlimited unlimited seconds\nMax address space   4096   4096   bytes\n"],
  ]);
  const metrics = new Metrics("Global");
  bindProcessMetrics(metrics, (file) => files.get(file));
  await metrics.text();
  files.set("/proc/self/net/netstat", netstat(250, 7));
  const text = await metrics.text();
  expect(text).toContain('process_network_receive_bytes_total{zone="Global"} 250');
  expect(text).toContain('process_network_transmit_bytes_total{zone="Global"} 7');
  expect(text).toContain('process_virtual_memory_max_bytes{zone="Global"} 4096');
});

it("tells nothing where there is no such file", async () => {
  const metrics = new Metrics("Global");
  bindProcessMetrics(metrics, () => undefined);
  expect(await metrics.text()).toContain('process_network_receive_bytes_total{zone="Global"} 0');
});
