/** All commands. */
import type { Command } from "commander";
import { registerApply } from "./commands/apply.ts";
import { COMPLETE, printCompletion, registerCompletion } from "./commands/completion.ts";
import { registerDelete } from "./commands/delete.ts";
import { registerDescribe } from "./commands/describe.ts";
import { registerDoctor } from "./commands/doctor.ts";
import { registerDp } from "./commands/dp.ts";
import { registerEndpoints } from "./commands/endpoints.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerExport } from "./commands/export.ts";
import { registerGenerate } from "./commands/generate.ts";
import { registerGet } from "./commands/get.ts";
import { registerImport } from "./commands/import.ts";
import { registerInspect } from "./commands/inspect.ts";
import { registerProfile } from "./commands/profile.ts";
import { registerPrograms } from "./commands/programs.ts";
import { registerSync } from "./commands/sync.ts";
import { registerWhatIf } from "./commands/what-if.ts";
import { registerZones } from "./commands/zones.ts";
import { registerDemo } from "./demo/register.ts";
import { bareProgram, exitCodeOf } from "./run-command.ts";
import type { Terminal } from "./terminal.ts";

const SERVICES = "Services:";
const RESOURCES = "Resources:";
const OPERATIONS = "Operations:";
const CLIENT = "This command:";

export function createProgram(terminal: Terminal): Command {
  const program = bareProgram(terminal);
  program.commandsGroup(SERVICES);
  registerPrograms(program);
  registerDp(program, terminal);
  registerDemo(program);
  program.commandsGroup(RESOURCES);
  registerGet(program, terminal);
  registerDescribe(program, terminal);
  registerApply(program, terminal);
  registerDelete(program, terminal);
  registerExport(program, terminal);
  registerImport(program, terminal);
  program.commandsGroup(OPERATIONS);
  registerZones(program, terminal);
  registerInspect(program, terminal);
  registerSync(program, terminal);
  registerDoctor(program, terminal);
  registerExplain(program, terminal);
  registerEndpoints(program, terminal);
  registerWhatIf(program, terminal);
  program.commandsGroup(CLIENT);
  registerProfile(program, terminal);
  registerGenerate(program, terminal);
  registerCompletion(program, terminal);
  return program;
}

/** Resolves with the exit code. */
export function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  return exitCodeOf(async () => {
    const program = createProgram(terminal);
    if (args[0] === COMPLETE) await printCompletion(terminal, program, args.slice(1));
    else await program.parseAsync(args, { from: "user" });
  }, terminal);
}
