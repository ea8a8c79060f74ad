/**
 * Programs that tests run as processes of their own: to be killed, to hold a lock, to run out of space. Bundled from
 * their TypeScript sources, because starting from one small file is what makes hundreds of starts affordable.
 */
import { type ChildProcess, type StdioPipe, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { tempFolder } from "@isthmus/testkit";
import * as esbuild from "esbuild";

export interface ChildProgram {
  readonly file: string;
  remove(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Of stdout, complete: what a killed process had written is still read. */
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** `entry`: file name of a module of this folder that runs when it is imported. */
export async function bundleProgram(entry: string): Promise<ChildProgram> {
  const folder = await tempFolder();
  const file = join(folder.path, "program.mjs");
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["@isthmus/source"],
    logLevel: "error",
    plugins: [onlyWhatIsUsed, lmdbWhereItIs],
  });
  return { file, remove: () => folder.remove() };
}

/** Our modules do nothing when they are imported: leaving out those of which nothing is used halves the time to start. */
const onlyWhatIsUsed: esbuild.Plugin = {
  name: "only-what-is-used",
  setup(build) {
    build.onResolve({ filter: /^(@isthmus\/|\.)/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind === "entry-point" || pluginData === onlyWhatIsUsed) return undefined;
      const resolved = await build.resolve(path, { kind, importer, resolveDir, pluginData: onlyWhatIsUsed });
      return { ...resolved, sideEffects: false };
    });
  },
};

/** A native addon cannot be bundled, and from the temporary folder it is not found by its name. */
const lmdbWhereItIs: esbuild.Plugin = {
  name: "lmdb-where-it-is",
  setup(build) {
    build.onResolve({ filter: /^lmdb$/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (pluginData === lmdbWhereItIs) return undefined;
      const found = await build.resolve(path, { kind, resolveDir, pluginData: lmdbWhereItIs });
      return { path: pathToFileURL(found.path).href, external: true };
    });
  },
};

/** One run of a program. It is told things through stdin, whose end tells it to end, and answers in lines on stdout. */
export class Child {
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess & { readonly stdin: NodeJS.WritableStream };
  readonly #lines: string[] = [];
  readonly #waiting: { readonly index: number; readonly resolve: (line: string | undefined) => void }[] = [];

  /** `command` runs `program` as its last arguments: node itself, or something that prepares the ground for node. */
  constructor(program: ChildProgram, command: readonly string[] = []) {
    const [first, ...rest] = [...command, process.execPath, program.file];
    const pipes: [StdioPipe, StdioPipe, StdioPipe] = ["pipe", "pipe", "pipe"];
    const child = spawn(first, rest, { stdio: pipes });
    this.#process = child;
    // It may be killed before it read what it was told.
    child.stdin.on("error", () => {});
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
    const reader = createInterface({ input: child.stdout });
    reader.on("line", (line) => {
      this.#lines.push(line);
      this.#answer();
    });
    const drained = new Promise<void>((resolve) => void reader.once("close", resolve));
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        void drained.then(() => {
          for (const { resolve: giveUp } of this.#waiting.splice(0)) giveUp(undefined);
          resolve({ code, signal, lines: this.#lines, stderr });
        });
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  tell(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  /** Line `index` of stdout, undefined when the program ended before it. */
  line(index: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push({ index, resolve });
      this.#answer();
      void this.ended.then(() => resolve(undefined));
    });
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #answer(): void {
    for (const waiting of this.#waiting.splice(0)) {
      const line = this.#lines[waiting.index];
      if (line === undefined) this.#waiting.push(waiting);
      else waiting.resolve(line);
    }
  }
}
