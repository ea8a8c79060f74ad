/** Stock kumactl against a control plane of ours, and what it printed against Kuma. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./recording.ts";

export const KUMACTL = join(process.env["KUMA_BIN"] ?? "", "kumactl");
export const hasKumactl = process.env["KUMA_BIN"] !== undefined && existsSync(KUMACTL);

export interface RecordedCommand {
  readonly target: Target;
  readonly args: readonly string[];
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** In place of `stdout` for an export: `<type> <mesh> <name>` of each document. */
  readonly documents?: readonly string[];
}

export interface CommandResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function recordedCommands(): readonly RecordedCommand[] {
  const text = readFileSync(new URL("testdata/kumactl.jsonl", import.meta.url), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RecordedCommand);
}

export function kumactl(configFile: string, args: readonly string[], input = ""): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(KUMACTL, ["--config-file", configFile, ...args], { stdio: "pipe" });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
    child.once("error", reject);
    child.once("close", (code) => {
      const [stdout, stderr] = [out, err].map((chunks) => Buffer.concat(chunks).toString());
      resolve({ exit: code ?? -1, stdout: stdout ?? "", stderr: (stderr ?? "").replace(OWN_BUILD, "") });
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** A kumactl that was built without its version warns about every server; one of a release warns about other versions only. */
const OWN_BUILD = /^WARNING: You are using kumactl version unknown for Kuma, .*\n/;

/** Columns that differ from run to run. */
const VARYING = /^(AGE|.* AGO|TOTAL UPDATES|CERT EXPIRATION)$/;

/** What is the same in every run: tables cell by cell, everything else without times, ids and hosts. */
export function comparable(text: string): readonly unknown[] {
  const lines = masked(text).split("\n");
  const [head = ""] = lines;
  if (!/^[A-Za-z-]+( [A-Za-z-]+)*(\s{3,}[A-Za-z-]+( [A-Za-z-]+)*)+$/.test(head)) return lines;
  const starts = [...head.matchAll(/(?:^|\s{3,})(\S)/g)].map(({ index, 0: found }) => index + found.length - 1);
  const cells = (line: string): string[] => starts.map((start, i) => line.slice(start, starts[i + 1]).trim());
  const names = cells(head);
  return lines.map((line, i) => {
    const isRow = i > 0 && line.trim() !== "" && !line.startsWith("Rerun");
    if (!isRow) return i === 0 ? names : line;
    return cells(line).map((cell, column) => (VARYING.test(names[column] ?? "") && cell !== "" ? "*" : cell));
  });
}

/** `<type> <mesh> <name>` of each document of an export. */
export function documentsOf(exported: string): readonly string[] {
  const member = (document: string, name: string): string =>
    new RegExp(`^${name}: (.*)$`, "m").exec(document)?.[1] ?? "";
  return exported
    .split("\n---\n")
    .slice(1)
    .map((document) => ["type", "mesh", "name"].map((name) => member(document, name)).join(" "));
}

function masked(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>")
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/Hostname: \S+, |InstanceId: \S+|"(hostname|instanceId)": "[^"]*"/g, "<instance>")
    .replace(/^(Client: Kuma|Version: +|Git Tag: +|Git Commit: +|Build Date: +) ?\S+$/gm, "<kumactl>");
}
