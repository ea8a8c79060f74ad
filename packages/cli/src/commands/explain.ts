/** `isthmus explain --from DATAPLANE --to SERVICE[:PORT]`: where traffic goes, and why not elsewhere. */
import type { Explanation } from "@isthmus/api";
import { explainText } from "@isthmus/topology";
import { type Command, Option } from "commander";
import { CommandError, ExitCode } from "../exit-code.ts";
import { ask, clientOf, pathSegment, type ServerOptions, withServer } from "../server.ts";

interface ExplainOptions extends ServerOptions {
  readonly from: string;
  readonly to: string;
  readonly kind?: string;
  readonly mesh: string;
  readonly output: string;
}

export function registerExplain(program: Command): void {
  withServer(program.command("explain"), "a zone")
    .description("every candidate for the traffic of a service, in or out, with its reason")
    .requiredOption("--from <dataplane>", "who sends")
    .requiredOption("--to <service[:port]>", "name, hostname or KRI; port as number or name")
    .option("--kind <kind>", "MeshService, MeshMultiZoneService, MeshExternalService, or legacy for kuma.io/service")
    .option("-m, --mesh <mesh>", "mesh of both", "default")
    .addOption(new Option("-o, --output <format>", "form of the answer").choices(["text", "json"]).default("text"))
    .action(async ({ from, to, kind, mesh, output, ...options }: ExplainOptions) => {
      const client = clientOf(options);
      const explanation = await ask(options, () =>
        client.explain(pathSegment("mesh", mesh), pathSegment("dataplane", from), {
          to,
          ...(kind === undefined ? {} : { kind }),
        }),
      );
      console.log(output === "json" ? JSON.stringify(explanation, null, 1) : explainText(explanation).trimEnd());
      if (!hasEndpoints(explanation)) throw new CommandError(`${to} has no endpoint for ${from}`, ExitCode.noEndpoints);
    });
}

export function hasEndpoints({ candidates }: Explanation): boolean {
  return candidates.some(({ endpoint }) => endpoint !== undefined);
}
