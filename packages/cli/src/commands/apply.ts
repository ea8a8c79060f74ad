/** `isthmus apply -f FILE|FOLDER|-`: creates or updates; with `--dry-run` shows what would change. */
import { type Command, Option } from "commander";
import colors from "picocolors";
import { type ApplyResult, applyDocuments } from "../apply/apply-documents.ts";
import { type DryRunEntry, dryRun } from "../apply/dry-run.ts";
import { type Connection, connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { readDocuments, type SourceDocument } from "../documents.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatJson } from "../output/json.ts";
import { Progress } from "../output/progress.ts";
import { printLine, type Terminal } from "../terminal.ts";

interface ApplyCommandOptions extends ServerOptions {
  readonly file: readonly string[];
  readonly mesh?: string;
  readonly dryRun?: boolean;
  readonly exitCode?: boolean;
  readonly quiet?: boolean;
  readonly progress?: boolean;
  readonly output: "text" | "json";
}

export function registerApply(program: Command, terminal: Terminal): void {
  const command = program
    .command("apply")
    .description("create or update resources from YAML or JSON")
    .requiredOption("-f, --file <path...>", "files or folders; - reads standard input")
    .option("--dry-run", "send nothing; show what would change")
    .option("--exit-code", "with --dry-run: exit with 5 when something would change")
    .option("-q, --quiet", "no line for each resource")
    .option("--progress", "tell how far it is")
    .addOption(new Option("-o, --output <format>", "form of --dry-run").choices(["text", "json"]).default("text"));
  withServer(withMesh(command, "mesh of resources that name none")).action(async (options: ApplyCommandOptions) => {
    const { documents, problems } = await readDocuments(options.file, () => terminal.readInput());
    if (problems.length > 0) throw new CommandError(problems.join("\n"), ExitCode.usage);
    const connection = connect(terminal, options);
    if (options.dryRun === true) await showDryRun(terminal, connection, documents, options);
    else await applyAll(terminal, connection, documents, options);
  });
}

async function applyAll(
  terminal: Terminal,
  { client, mesh, settings }: Connection,
  documents: readonly SourceDocument[],
  { quiet, progress: isWanted = false }: ApplyCommandOptions,
): Promise<void> {
  const progress = new Progress(terminal, "apply", { total: documents.length, isWanted });
  const stop = terminal.interruption();
  const result = await applyDocuments(client, documents, {
    mesh,
    server: settings.server,
    stop,
    clock: terminal.clock,
    onDone: () => progress.advance(),
    report: (line) => {
      if (quiet !== true || line.startsWith("  warning")) printLine(terminal.stdout, line);
    },
  });
  progress.end();
  const { created, updated } = result;
  if (quiet === true) printLine(terminal.stdout, `${created} created, ${updated} updated`);
  endOf(result, settings.server, `of ${documents.length} were not sent`);
}

/** Also of an import. */
export function endOf({ failures, left, isServerLost }: ApplyResult, server: string, rest: string): void {
  const why = isServerLost ? `cannot reach ${server} any more` : "interrupted";
  const problems = [...failures, ...(left === 0 ? [] : [`${why}: ${left} ${rest}`])];
  if (problems.length === 0) return;
  throw new CommandError(problems.join("\n"), left === 0 || isServerLost ? ExitCode.failure : ExitCode.interrupted);
}

async function showDryRun(
  terminal: Terminal,
  { client, mesh, settings }: Connection,
  documents: readonly SourceDocument[],
  options: ApplyCommandOptions,
): Promise<void> {
  const progress = new Progress(terminal, "compare", { total: documents.length, isWanted: options.progress ?? false });
  const { entries, failures } = await dryRun(client, documents, {
    mesh,
    server: settings.server,
    onDone: () => progress.advance(),
  });
  progress.end();
  if (options.output === "json") printLine(terminal.stdout, formatJson({ entries }));
  else printLine(terminal.stdout, formatDryRun(entries, terminal.stdout.isTerminal && colors.isColorSupported));
  if (failures.length > 0) throw new CommandError(failures.join("\n"));
  const isChanging = entries.some(({ change }) => change !== "none");
  if (options.exitCode === true && isChanging) throw new CommandError("", ExitCode.changes);
}

export function formatDryRun(entries: readonly DryRunEntry[], hasColors: boolean): string {
  const { green, red, cyan, bold } = colors.createColors(hasColors);
  const paint = (line: string): string => {
    if (line.startsWith("--- ") || line.startsWith("+++ ")) return bold(line);
    if (line.startsWith("@@")) return cyan(line);
    return line.startsWith("+") ? green(line) : line.startsWith("-") ? red(line) : line;
  };
  const diffs = entries
    .filter(({ change }) => change !== "none")
    .map(({ diff }) => diff.split("\n").map(paint).join("\n"));
  const count = (change: DryRunEntry["change"]): number => entries.filter((entry) => entry.change === change).length;
  const summary = `${count("create")} to create, ${count("update")} to update, ${count("none")} unchanged; nothing was sent`;
  return [...diffs, summary].join("\n\n");
}
