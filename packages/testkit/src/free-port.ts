/**
 * Ports that nothing listened on a moment ago, all different. Not asked from the system: its ephemeral ports are also those
 * of outgoing connections, and one of those may take the port before the test does, or while a killed process is down.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Above the well-known ports of the demo, below the ephemeral ones of Linux (32768). */
const LOWEST = 15_000;
const HIGHEST = 32_700;
const ATTEMPTS_PER_PORT = 100;

export async function freePorts(count: number, host = "127.0.0.1"): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt += 1) {
    if (attempt === count * ATTEMPTS_PER_PORT) throw new Error(`no ${count} free ports from ${LOWEST} to ${HIGHEST}`);
    const port = randomInt(LOWEST, HIGHEST);
    if (!ports.has(port) && (await isFree(port, host))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
