/** `isthmus explain --from DATAPLANE --to SERVICE[:PORT]`: where traffic goes, and why not elsewhere. */
import type { Explanation } from "@isthmus/api";
import { explainText } from "@isthmus/topology/explain-text";
import { type Command, Option } from "commander";
import { connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatJson } from "../output/json.ts";
import { pathSegment } from "../resource-address.ts";
import { printLine, type Terminal } from "../terminal.ts";

interface ExplainOptions extends ServerOptions {
  readonly from: string;
  readonly to: string;
  readonly kind?: string;
  readonly mesh?: string;
  readonly output: string;
}

export function registerExplain(program: Command, terminal: Terminal): void {
  const command = program
    .command("explain")
    .description("every candidate for the traffic of a service, in or out, with its reason")
    .requiredOption("--from <dataplane>", "who sends")
    .requiredOption("--to <service[:port]>", "name, hostname or KRI; port as number or name")
    .option("--kind <kind>", "MeshService, MeshMultiZoneService, MeshExternalService, or legacy for kuma.io/service")
    .addOption(new Option("-o, --output <format>", "form of the answer").choices(["text", "json"]).default("text"));
  withServer(withMesh(command, "mesh of both"), "a zone").action(
    async ({ from, to, kind, output, ...options }: ExplainOptions) => {
      const { ask, mesh } = connect(terminal, options);
      const explanation = await ask((client) =>
        client.explain(pathSegment("mesh", mesh), pathSegment("dataplane", from), {
          to,
          ...(kind === undefined ? {} : { kind }),
        }),
      );
      printLine(terminal.stdout, output === "json" ? formatJson(explanation) : explainText(explanation).trimEnd());
      if (!hasEndpoints(explanation)) throw new CommandError(`${to} has no endpoint for ${from}`, ExitCode.noEndpoints);
    },
  );
}

export function hasEndpoints({ candidates }: Explanation): boolean {
  return candidates.some(({ endpoint }) => endpoint !== undefined);
}
