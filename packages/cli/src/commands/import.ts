/** `isthmus import -f FILE`: an export into another server; what is there already is left alone, so that it can be repeated. */
import type { Command } from "commander";
import { applyDocuments } from "../apply/apply-documents.ts";
import { connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { readDocuments } from "../documents.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { Progress } from "../output/progress.ts";
import { serverRole } from "../server-role.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { planImport } from "../transfer/import-plan.ts";
import { endOf } from "./apply.ts";

interface ImportOptions extends ServerOptions {
  readonly file: readonly string[];
  readonly mesh?: string;
  readonly keepExisting?: boolean;
  readonly dryRun?: boolean;
  readonly verbose?: boolean;
  readonly progress?: boolean;
}

export function registerImport(program: Command, terminal: Terminal): void {
  const command = program
    .command("import")
    .description(
      "an export into another server, in the order that it needs; may be repeated, and goes on where it ended",
    )
    .requiredOption("-f, --file <path...>", "files or folders; - reads standard input")
    .option("--keep-existing", "leave alone what is there with another content")
    .option("--dry-run", "send nothing; say how much would be written")
    .option("-v, --verbose", "a line for each resource that is written")
    .option("--progress", "tell how far it is");
  withServer(withMesh(command, "mesh of resources that name none")).action((options: ImportOptions) =>
    importAll(terminal, options),
  );
}

async function importAll(terminal: Terminal, options: ImportOptions): Promise<void> {
  const { documents, problems } = await readDocuments(options.file, () => terminal.readInput());
  if (problems.length > 0) throw new CommandError(problems.join("\n"), ExitCode.usage);
  const { client, ask, mesh, settings } = connect(terminal, options);
  const stop = terminal.interruption();
  const isWanted = options.progress ?? false;

  const comparison = new Progress(terminal, "compare", { isWanted });
  const plan = await ask(async () =>
    planImport(client, documents, {
      role: await serverRole(client),
      mesh,
      keepExisting: options.keepExisting ?? false,
      onDone: (done, total) => comparison.at(done, total),
    }),
  );
  comparison.end();
  for (const [reason, count] of plan.leftOut) printLine(terminal.stderr, `left out: ${count} ${reason}`);
  if (options.dryRun === true) {
    printLine(terminal.stdout, `${plan.documents.length} to write, ${plan.unchanged} there already; nothing was sent`);
    return;
  }

  const progress = new Progress(terminal, "import", { total: plan.documents.length, isWanted });
  const result = await applyDocuments(client, plan.documents, {
    mesh,
    server: settings.server,
    stop,
    clock: terminal.clock,
    onDone: () => progress.advance(),
    report: (line) => {
      if (options.verbose === true) printLine(terminal.stdout, line);
    },
  });
  progress.end();
  printLine(terminal.stdout, `${result.created} created, ${result.updated} updated, ${plan.unchanged} there already`);
  endOf(result, settings.server, "were not sent; the same command goes on with them");
}
