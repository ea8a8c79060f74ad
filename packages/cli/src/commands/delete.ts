/** `isthmus delete TYPE NAME`. */
import type { Command } from "commander";
import { CommandError } from "../exit-code.ts";
import { clientOf, explainError, findType, resourcePath, type ServerOptions, withServer } from "../server.ts";

export function registerDelete(program: Command): void {
  withServer(program.command("delete"))
    .description("delete a resource")
    .argument("<type>")
    .argument("<name>")
    .option("-m, --mesh <mesh>", "mesh of mesh-scoped types", "default")
    .action(async (word: string, name: string, options: ServerOptions & { readonly mesh: string }) => {
      try {
        const client = clientOf(options);
        const type = await findType(client, word);
        await client.delete(resourcePath(type, options.mesh, name));
        console.log(`${type.name}/${name} deleted`);
      } catch (error) {
        throw error instanceof CommandError ? error : new CommandError(explainError(error, options.server));
      }
    });
}
