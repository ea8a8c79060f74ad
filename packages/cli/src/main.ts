/** Entry of the `isthmus` command. */
import { runCommand } from "./program.ts";
import { processTerminal } from "./terminal.ts";

void runCommand(process.argv.slice(2), processTerminal()).then((code) => {
  process.exitCode = code;
});
