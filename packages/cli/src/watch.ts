/** `--watch`: the same question again and again until Ctrl-C, when there may be something new; only what has changed is shown. */
import type { ApiClient, RestResource } from "@isthmus/api";
import { canonicalJson, goDurationToMs, type JsonObject, parseGoDuration } from "@isthmus/std";
import type { Command } from "commander";
import { ChangePace, intervalPace, type Pace } from "./change-pace.ts";
import type { Connection } from "./connection/connect.ts";
import { explainError } from "./connection/explain-error.ts";
import { CommandError, ExitCode } from "./exit-code.ts";
import { printLine, type Terminal } from "./terminal.ts";

export interface WatchOptions {
  readonly watch?: boolean;
  readonly interval: string;
}

/** What a watch looks at. */
export interface Watched {
  readonly interval: string;
  /** Types of resources that it is made of; left out: it can only be asked for. */
  readonly types?: readonly string[];
  /** It shows how long ago something was. */
  readonly isAgeing?: boolean;
}

const SHORTEST_MS = 100;

/** `flags`: where `-w` means something else. */
export function withWatch(command: Command, flags = "-w, --watch"): Command {
  return command
    .option(flags, "go on and show changes, until Ctrl-C")
    .option("--interval <duration>", "how often --watch asks a server that does not tell of changes", "2s");
}

/**
 * Reads and shows until Ctrl-C. The first question has to be answered; a later one that fails is told once, and asked again:
 * a server that restarts does not end a watch.
 */
export async function watch<T>(
  terminal: Terminal,
  { client, settings: { server } }: Connection,
  what: Watched,
  read: () => Promise<T>,
  show: (value: T) => void,
): Promise<void> {
  const pace = paceOf(terminal, client, what);
  const stop = terminal.interruption();
  await pace.begin(stop);
  show(await read());
  let told: string | undefined;
  for (;;) {
    await pace.next(stop);
    if (stop.aborted) return;
    try {
      const value = await read();
      if (stop.aborted) return;
      if (told !== undefined) printLine(terminal.stderr, "the server answers again");
      told = undefined;
      show(value);
    } catch (error) {
      const problem = explainError(error, server);
      if (problem !== told) printLine(terminal.stderr, problem);
      told = problem;
    }
  }
}

function paceOf({ clock }: Terminal, client: ApiClient, { interval, types, isAgeing = false }: Watched): Pace {
  const intervalMs = intervalOf(interval);
  return types === undefined
    ? intervalPace(clock, intervalMs)
    : new ChangePace({ client, clock, types, intervalMs, isAgeing });
}

/** Shows a whole text whenever it changes: in place on a terminal, else one after the other. */
export function textWatcher(terminal: Terminal): (text: string) => void {
  let last: string | undefined;
  return (text) => {
    if (text === last) return;
    if (terminal.stdout.isTerminal) terminal.stdout.write(`\u001b[H\u001b[2J\u001b[3J${text}\n`);
    else terminal.stdout.write(`${last === undefined ? "" : "\n"}${text}\n`);
    last = text;
  };
}

export type Change = "present" | "added" | "changed" | "deleted";

export interface ResourceChange {
  readonly change: Change;
  readonly resource: RestResource;
}

/** What differs from the list before; the first list is `present`. */
export class ResourceChanges {
  #known: ReadonlyMap<string, { readonly resource: RestResource; readonly content: string }> | undefined;

  next(resources: readonly RestResource[]): readonly ResourceChange[] {
    const before = this.#known;
    const now = new Map(
      resources.map((resource) => [
        `${resource.mesh ?? ""}/${resource.name}`,
        { resource, content: canonicalJson(resource as JsonObject) },
      ]),
    );
    this.#known = now;
    if (before === undefined) return resources.map((resource) => ({ change: "present", resource }));
    const changes: ResourceChange[] = [];
    for (const [key, { resource, content }] of now) {
      const known = before.get(key);
      if (known === undefined) changes.push({ change: "added", resource });
      else if (known.content !== content) changes.push({ change: "changed", resource });
    }
    for (const [key, { resource }] of before) if (!now.has(key)) changes.push({ change: "deleted", resource });
    return changes;
  }
}

function intervalOf(text: string): number {
  const parsed = parseGoDuration(text);
  if (!parsed.ok) throw new CommandError(`--interval: ${parsed.error}`, ExitCode.usage);
  return Math.max(SHORTEST_MS, goDurationToMs(parsed.value));
}
