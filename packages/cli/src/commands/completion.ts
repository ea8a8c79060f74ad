/** `isthmus completion bash|zsh|fish`, and what their scripts ask for each Tab. */
import { Argument, type Command } from "commander";
import { complete } from "../completion/candidates.ts";
import { SHELL_SCRIPTS } from "../completion/shell-scripts.ts";
import { printLine, type Terminal } from "../terminal.ts";

export const COMPLETE = "__complete";

export function registerCompletion(program: Command, terminal: Terminal): void {
  program
    .command("completion")
    .description("a script that completes commands, types and names for a shell")
    .addArgument(new Argument("<shell>", "source <(isthmus completion bash)").choices(["bash", "zsh", "fish"]))
    .action((shell: keyof typeof SHELL_SCRIPTS) => terminal.stdout.write(SHELL_SCRIPTS[shell]));
}

/** `words` are not options of this command, whatever they look like. */
export async function printCompletion(terminal: Terminal, program: Command, words: readonly string[]): Promise<void> {
  const { candidates, hasFiles } = await complete(terminal, program, words);
  for (const { value, description = "" } of candidates) {
    printLine(terminal.stdout, description === "" ? value : `${value}\t${oneLine(description)}`);
  }
  if (hasFiles) printLine(terminal.stdout, ":files");
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ");
