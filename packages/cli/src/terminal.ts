/** Where a command reads and writes: the process, or what a test puts in its place. */
import { type Clock, systemClock } from "@isthmus/std";
import { endOnBrokenPipe } from "./broken-pipe.ts";
import { ExitCode } from "./exit-code.ts";

export interface Output {
  readonly write: (text: string) => void;
  /** A person looks at it: it may be drawn anew. */
  readonly isTerminal: boolean;
  /** Undefined where it is no terminal. */
  readonly columns: number | undefined;
}

export interface Terminal {
  /** Answers. */
  readonly stdout: Output;
  /** Errors, warnings, progress. */
  readonly stderr: Output;
  /** All of standard input. */
  readInput(): Promise<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Aborts on Ctrl-C. Only a command that asks survives the first one; the second ends the process in any case. */
  interruption(): AbortSignal;
}

export function processTerminal(): Terminal {
  endOnBrokenPipe(process.stdout, (code) => process.exit(code));
  endOnBrokenPipe(process.stderr, (code) => process.exit(code));
  let interruption: AbortController | undefined;
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    readInput: readStdin,
    env: process.env,
    clock: systemClock,
    interruption() {
      if (interruption === undefined) {
        const controller = new AbortController();
        interruption = controller;
        process.once("SIGINT", () => {
          controller.abort();
          process.once("SIGINT", () => process.exit(ExitCode.interrupted));
        });
      }
      return interruption.signal;
    },
  };
}

export function printLine(output: Output, text: string): void {
  output.write(`${text}\n`);
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}
