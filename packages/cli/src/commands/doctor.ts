/** `isthmus doctor`: what is wrong with a server, its zones, its sync and its meshes, and what to do about it. */
import { type Command, Option } from "commander";
import colors from "picocolors";
import { connect, withServer } from "../connection/connect.ts";
import { type ServerOptions, serverAddress } from "../connection/settings.ts";
import { CHECK_NAMES, type CheckResult, runChecks, worst } from "../doctor/checks.ts";
import { Facts } from "../doctor/facts.ts";
import type { Status } from "../doctor/finding.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatJson } from "../output/json.ts";
import { Progress } from "../output/progress.ts";
import { printLine, type Terminal } from "../terminal.ts";

interface DoctorOptions extends ServerOptions {
  readonly diagnostics?: string;
  readonly data?: string;
  readonly check?: readonly string[];
  readonly strict?: boolean;
  readonly quiet?: boolean;
  readonly output: "text" | "json";
}

export function registerDoctor(program: Command, terminal: Terminal): void {
  const command = program
    .command("doctor")
    .description("checks of a server, its zones, its sync and its meshes, with what to do")
    .option("--diagnostics <url>", "its diagnostics port, such as http://global.example:5680")
    .option("--data <folder>", "folder of its data, where this is the same machine")
    .addOption(new Option("--check <name...>", "only these").choices(CHECK_NAMES))
    .option("--strict", "warnings end with 6 as well")
    .option("-q, --quiet", "only what is not well")
    .addOption(new Option("-o, --output <format>", "form of the answer").choices(["text", "json"]).default("text"));
  withServer(command).action(async (options: DoctorOptions) => {
    const diagnostics = options.diagnostics === undefined ? undefined : serverAddress(options.diagnostics);
    if (diagnostics?.ok === false) throw new CommandError(`--diagnostics: ${diagnostics.error}`, ExitCode.usage);
    const connection = connect(terminal, options);
    const facts = new Facts({
      connection,
      clock: terminal.clock,
      ...(diagnostics === undefined ? {} : { diagnosticsUrl: diagnostics.value }),
      ...(options.data === undefined ? {} : { dataFolder: options.data }),
    });
    const names = options.check ?? CHECK_NAMES;
    const progress = new Progress(terminal, "doctor", { total: names.length });
    const results = await runChecks(facts, names, () => progress.advance());
    progress.end();
    const shown =
      options.quiet === true ? results.filter(({ status }) => status === "warn" || status === "fail") : results;
    printLine(
      terminal.stdout,
      options.output === "json"
        ? formatJson({ server: connection.settings.server, worst: worst(results), checks: shown })
        : formatDoctor(shown, results, terminal.stdout.isTerminal && colors.isColorSupported),
    );
    const isUnwell = worst(results) === "fail" || (options.strict === true && worst(results) === "warn");
    if (isUnwell) throw new CommandError("", ExitCode.unhealthy);
  });
}

const MARKS: Readonly<Record<Status, string>> = { ok: "ok", warn: "WARN", fail: "FAIL", skip: "-" };

export function formatDoctor(shown: readonly CheckResult[], all: readonly CheckResult[], hasColors: boolean): string {
  const { green, yellow, red, dim } = colors.createColors(hasColors);
  const paint: Readonly<Record<Status, (text: string) => string>> = { ok: green, warn: yellow, fail: red, skip: dim };
  const width = Math.max(...all.map(({ check }) => check.length));
  const indent = " ".repeat("WARN".length + width + 4);
  const lines = shown.flatMap(({ check, status, evidence, hint }) => {
    const [first = "", ...rest] = evidence;
    return [
      `${paint[status](MARKS[status].padEnd(4))}  ${check.padEnd(width)}  ${first}`,
      ...rest.map((line) => indent + line),
      ...(hint === undefined ? [] : [`${indent}> ${hint}`]),
    ];
  });
  const count = (status: Status): number => all.filter((result) => result.status === status).length;
  const summary = `${count("ok")} ok, ${count("warn")} warnings, ${count("fail")} failed, ${count("skip")} not checked`;
  return [...lines, ...(lines.length === 0 ? [] : [""]), summary].join("\n");
}
