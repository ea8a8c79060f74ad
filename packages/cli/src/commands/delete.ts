/** `isthmus delete TYPE NAME...` */
import { ApiError } from "@isthmus/api";
import type { Command } from "commander";
import { connect, withMesh, withServer } from "../connection/connect.ts";
import { explainError } from "../connection/explain-error.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { findType, resourcePath } from "../resource-address.ts";
import { printLine, type Terminal } from "../terminal.ts";

interface DeleteOptions extends ServerOptions {
  readonly mesh?: string;
  readonly ignoreMissing?: boolean;
}

export function registerDelete(program: Command, terminal: Terminal): void {
  const command = program
    .command("delete")
    .description("delete resources")
    .argument("<type>")
    .argument("<name...>")
    .option("--ignore-missing", "one that is not there is no failure");
  withServer(withMesh(command)).action(async (word: string, names: readonly string[], options: DeleteOptions) => {
    const { client, ask, mesh, settings } = connect(terminal, options);
    const type = await ask(() => findType(client, word));
    const failures: string[] = [];
    for (const name of names) {
      try {
        await client.delete(resourcePath(type, mesh, name));
        printLine(terminal.stdout, `deleted ${type.name} "${name}"`);
      } catch (error) {
        if (error instanceof CommandError && error.exitCode === ExitCode.usage) throw error;
        const isMissing = error instanceof ApiError && error.status === 404;
        if (isMissing && options.ignoreMissing === true) continue;
        failures.push(
          isMissing
            ? `there is no ${type.name} with name "${name}"`
            : `${type.name} "${name}": ${explainError(error, settings.server)}`,
        );
      }
    }
    if (failures.length > 0) throw new CommandError(failures.join("\n"));
  });
}
