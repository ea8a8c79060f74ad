/** What commands have in common, and how one of them ends. */
import { ISTHMUS_VERSION } from "@isthmus/runtime/identity";
import { errorMessage } from "@isthmus/std";
import { Command, CommanderError } from "commander";
import { type CommandError, ExitCode } from "./exit-code.ts";
import { printLine, type Terminal } from "./terminal.ts";

export function bareProgram(terminal: Terminal): Command {
  return new Command("isthmus")
    .description("A multi-zone control plane for a service mesh")
    .version(ISTHMUS_VERSION)
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({ writeOut: terminal.stdout.write, writeErr: terminal.stderr.write });
}

/** Resolves with the exit code. */
export async function exitCodeOf(run: () => Promise<unknown>, terminal: Terminal): Promise<number> {
  try {
    await run();
    return ExitCode.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    const message = errorMessage(error);
    if (message !== "") printLine(terminal.stderr, message);
    // Not by its class: what is in a file of its own has another one of that name.
    const code = error instanceof Error ? (error as Partial<CommandError>).exitCode : undefined;
    return typeof code === "number" ? code : ExitCode.failure;
  }
}
