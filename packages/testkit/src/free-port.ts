/**
 * Ports that nobody listens on and no other test gets. Not asked from the system: its ephemeral ports are also those of outgoing
 * connections, and one of those may take the port before the test does, or while a killed process is down. A port stays claimed for
 * as long as the process lives that asked for it, so test files that run beside each other never get the same one.
 */
import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

/** Above the ports that tests and demo name themselves, below the ephemeral ones of Linux (32768). */
const LOWEST = 21_000;
const HIGHEST = 32_700;
const ATTEMPTS_PER_PORT = 100;

export async function freePorts(count: number, host = "127.0.0.1"): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt += 1) {
    if (attempt === count * ATTEMPTS_PER_PORT) throw new Error(`no ${count} free ports from ${LOWEST} to ${HIGHEST}`);
    const port = randomInt(LOWEST, HIGHEST);
    if (await areFree([port], host)) ports.push(port);
  }
  return ports;
}

/** So much may be added to all of `ports` that they are free together. */
export async function freePortOffset(ports: readonly number[], host = "127.0.0.1"): Promise<number> {
  const [first, last] = [Math.min(...ports), Math.max(...ports)];
  for (let attempt = 0; attempt < ATTEMPTS_PER_PORT; attempt += 1) {
    const offset = randomInt(LOWEST - first, HIGHEST - last);
    if (
      await areFree(
        ports.map((port) => port + offset),
        host,
      )
    )
      return offset;
  }
  throw new Error(`no ${ports.length} ports are free together`);
}

/** Claims all of them, or none. */
async function areFree(ports: readonly number[], host: string): Promise<boolean> {
  const claims: Server[] = [];
  for (const port of ports) {
    const claim = await claimOf(port);
    if (claim !== undefined) claims.push(claim);
    if (claim !== undefined && (await isFree(port, host))) continue;
    for (const each of claims) each.close();
    return false;
  }
  return true;
}

/**
 * A name that one process of the machine can hold, and that goes with it: a socket of Linux' abstract namespace. Undefined: another one
 * has it. Where there is no such thing the server listens nowhere, and ports are as free as they look.
 */
function claimOf(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EADDRINUSE" ? undefined : server));
    server.listen(`\0isthmus-test-port-${port}`, () => resolve(server.unref()));
  });
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
