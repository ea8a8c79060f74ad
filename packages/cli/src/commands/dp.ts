/** `isthmus dp run`: an Envoy beside a workload, or at the edge of a zone, with the flags and variables of `kuma-dp run`. */
import { DP_OPTIONS, type DpOption, type DpOptionKey, variablesOf } from "@isthmus/dp/options";
import type { Command } from "commander";
import type { Terminal } from "../terminal.ts";

export function registerDp(program: Command, terminal: Terminal): void {
  const run = program
    .command("dp")
    .description("run proxies")
    .command("run")
    .description("run an Envoy as sidecar, zone ingress or zone egress")
    .option("-v, --dataplane-var <name=value>", "a variable of the template, may be repeated", collect, []);
  const keys = new Map<string, DpOptionKey>();
  for (const [key, option] of Object.entries<DpOption>(DP_OPTIONS)) {
    if (!option.hasFlag) continue;
    run.option(flagsOf(option), descriptionOf(option));
    keys.set(run.options.at(-1)?.attributeName() ?? key, key as DpOptionKey);
  }
  run.action(async (options: Readonly<Record<string, string | boolean | undefined>>) => {
    const flags = Object.fromEntries([...keys].map(([attribute, key]) => [key, options[attribute]]));
    const { runProxy } = await import("../dp-runner.ts");
    process.exitCode = await runProxy({
      flags,
      variables: options["dataplaneVar"] as unknown as readonly string[],
      env: terminal.env,
      readStdin: () => terminal.readInput(),
    });
    process.exit();
  });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function flagsOf({ short, name, value }: DpOption): string {
  return `${short === undefined ? "" : `-${short}, `}--${name} ${value === "" ? "[true|false]" : value}`;
}

function descriptionOf(option: DpOption): string {
  const [variable] = variablesOf(option);
  const notes = [...(option.fallback === "" ? [] : [option.fallback]), ...(variable === undefined ? [] : [variable])];
  return notes.length === 0 ? option.what : `${option.what} (${notes.join(", ")})`;
}
