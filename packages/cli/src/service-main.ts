/** Entry of `isthmus global`, `isthmus zone` and `isthmus dp`: without the other commands, which take as long to load as a service does. */
import { registerDp } from "./commands/dp.ts";
import { registerPrograms } from "./commands/programs.ts";
import { bareProgram, exitCodeOf } from "./run-command.ts";
import { processTerminal } from "./terminal.ts";

const terminal = processTerminal();
void exitCodeOf(() => {
  const program = bareProgram(terminal);
  registerPrograms(program);
  registerDp(program, terminal);
  return program.parseAsync(process.argv.slice(2), { from: "user" });
}, terminal).then((code) => {
  process.exitCode = code;
});
