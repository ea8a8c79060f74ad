/** A terminal of a test: keeps what is written, and says what the test wants. */
import { type Clock, systemClock } from "@isthmus/std";
import { runCommand } from "../program.ts";
import type { Output, Terminal } from "../terminal.ts";

export interface TestTerminalOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly clock?: Clock;
  /** A person looks at standard output, at standard error. */
  readonly isTerminal?: boolean;
  readonly isErrorTerminal?: boolean;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class TestTerminal implements Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly #input: string;
  readonly #written = { stdout: "", stderr: "" };
  readonly #interruption = new AbortController();

  constructor(options: TestTerminalOptions = {}) {
    // No profile of the person who runs the tests.
    this.env = { ISTHMUS_PROFILES: "/nonexistent/profiles.yaml", ...options.env };
    this.clock = options.clock ?? systemClock;
    this.#input = options.input ?? "";
    this.stdout = this.#output("stdout", options.isTerminal ?? false);
    this.stderr = this.#output("stderr", options.isErrorTerminal ?? false);
  }

  get out(): string {
    return this.#written.stdout;
  }

  get err(): string {
    return this.#written.stderr;
  }

  async readInput(): Promise<string> {
    return this.#input;
  }

  interruption(): AbortSignal {
    return this.#interruption.signal;
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#interruption.abort();
  }

  #output(name: "stdout" | "stderr", isTerminal: boolean): Output {
    return {
      isTerminal,
      columns: isTerminal ? 80 : undefined,
      write: (text) => {
        this.#written[name] += text;
      },
    };
  }
}

/** The whole command, as `main` runs it. */
export async function run(args: readonly string[], options: TestTerminalOptions = {}): Promise<Ended> {
  const terminal = new TestTerminal(options);
  const code = await runCommand(args, terminal);
  return { code, stdout: terminal.out, stderr: terminal.err };
}
