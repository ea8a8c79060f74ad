/** CPU time and memory of another process, read from /proc. */
import { readFileSync } from "node:fs";

/** Clock ticks per second of /proc/<pid>/stat on Linux. */
const TICKS_PER_SECOND = 100;
const SETTLE_MS = 3_000;

/** User and system time so far, seconds. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident set, bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Resident set after garbage had time to be collected: the smallest of several readings. */
export async function settledBytes(pid: number, collectsOnSignal: boolean): Promise<number> {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i += 1) {
    if (collectsOnSignal) process.kill(pid, "SIGUSR2");
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS / 6));
    smallest = Math.min(smallest, residentBytes(pid));
  }
  return smallest;
}
