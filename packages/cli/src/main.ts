/** Entry of the `isthmus` command. */
import { errorMessage } from "@isthmus/std";
import { Command, CommanderError } from "commander";
import { endOnBrokenPipe } from "./broken-pipe.ts";
import { registerApply } from "./commands/apply.ts";
import { registerDelete } from "./commands/delete.ts";
import { registerEndpoints } from "./commands/endpoints.ts";
import { registerExplain } from "./commands/explain.ts";
import { registerGet } from "./commands/get.ts";
import { registerPrograms } from "./commands/programs.ts";
import { registerSync } from "./commands/sync.ts";
import { registerWhatIf } from "./commands/what-if.ts";
import { registerDemo } from "./demo/register.ts";
import { CommandError, ExitCode } from "./exit-code.ts";

const program = new Command("isthmus")
  .description("A multi-zone control plane for a service mesh")
  .version("0.1.0")
  .showHelpAfterError()
  .exitOverride();

endOnBrokenPipe(process.stdout, (code) => process.exit(code));
registerPrograms(program);
registerApply(program);
registerGet(program);
registerDelete(program);
registerSync(program);
registerExplain(program);
registerEndpoints(program);
registerWhatIf(program);
registerDemo(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  } else {
    process.stderr.write(`${error instanceof CommandError ? error.message : errorMessage(error)}\n`);
    process.exitCode = error instanceof CommandError ? error.exitCode : ExitCode.failure;
  }
}
