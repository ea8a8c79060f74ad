/** What may stand where the cursor is: commands, options, and what the server knows. Problems are silent: a person is typing. */
import type { ApiClient, ResourceType, RestResource } from "@isthmus/api";
import { builtinTypes } from "@isthmus/resources";
import type { Command } from "commander";
import { connect } from "../connection/connect.ts";
import { loadProfiles } from "../connection/profile-file.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { collectionPath, matchType } from "../resource-address.ts";
import type { Terminal } from "../terminal.ts";
import { type Cursor, cursorOf } from "./command-line.ts";

export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The shell may offer files besides. */
  readonly hasFiles: boolean;
}

/** Nobody waits longer for a suggestion. */
const PATIENCE = "1500ms";
const NAMES_MAX = 1_000;
const SHELLS = ["bash", "zsh", "fish"];

type Source = (context: Context) => Promise<readonly Candidate[]> | readonly Candidate[];

interface Context {
  readonly terminal: Terminal;
  readonly cursor: Cursor;
  readonly part: string;
}

export async function complete(terminal: Terminal, program: Command, words: readonly string[]): Promise<Completion> {
  const cursor = cursorOf(program, words);
  const { next } = cursor;
  if (next.kind === "option") return { candidates: matching(optionsOf(cursor), next.part), hasFiles: false };
  if (next.kind === "option-value") {
    const { option, part, before } = next;
    const source = option.argChoices ?? OPTION_VALUES[option.long ?? ""];
    const found = await from(source, { terminal, cursor, part });
    const candidates = matching(found, part).map(({ value, ...rest }) => ({ ...rest, value: before + value }));
    return { candidates, hasFiles: source === undefined };
  }
  const { part, argument } = next;
  const command = cursor.commands.at(-1) ?? program;
  const commands = cursor.values.length === 0 ? command.commands.filter((each) => !isHidden(each)) : [];
  const source = argument?.argChoices ?? (argument === undefined ? [] : argumentSource(cursor, argument.name()));
  const found = [
    ...commands.map((each) => ({ value: each.name(), description: each.description() })),
    ...(await from(source, { terminal, cursor, part })),
  ];
  return { candidates: matching(found, part), hasFiles: false };
}

async function from(source: readonly string[] | Source | undefined, context: Context): Promise<readonly Candidate[]> {
  if (source === undefined) return [];
  if (typeof source !== "function") return source.map((value) => ({ value }));
  try {
    return await source(context);
  } catch {
    return [];
  }
}

function matching(candidates: readonly Candidate[], part: string): readonly Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ value }) => value.startsWith(part) && !seen.has(value) && seen.add(value) !== undefined);
}

function optionsOf({ commands, options }: Cursor): readonly Candidate[] {
  const own = commands.at(-1);
  if (own === undefined) return [];
  const offered = own.createHelp().visibleOptions(own);
  return offered
    .filter((option) => option.variadic || !Object.hasOwn(options, option.attributeName()))
    .flatMap(({ long, short, description }) => [
      ...(long === undefined || long === null ? [] : [{ value: long, description }]),
      ...(short === undefined || short === null ? [] : [{ value: short, description }]),
    ]);
}

function isHidden(command: Command): boolean {
  return command.name().startsWith("_");
}

const types: Source = async (context) =>
  (await knownTypes(context)).map(({ path, name }) => ({ value: path, description: name }));
const meshes: Source = (context) => namesAt(context, "meshes");
const zones: Source = (context) => namesAt(context, "zones");
const profiles: Source = ({ terminal }) =>
  loadProfiles(quiet(terminal)).profiles.map(({ name, server }) => ({ value: name, description: server }));

/** Of the type that the first argument names. */
const names: Source = async (context) => {
  const [word = ""] = context.cursor.values;
  const type = matchType(await knownTypes(context), word) ?? matchType(await knownTypes(context), `${word}s`);
  if (type === undefined) return [];
  return namesAt(context, collectionPath(type, connected(context).mesh));
};

const holds: Source = async (context) => {
  const open = await connected(context).client.holds();
  return [...open.map(({ id, reason }) => ({ value: id, description: reason })), { value: "all" }];
};

const inspected: Source = async (context) => [
  ...["zones", "zoneingresses", "zoneegresses", "dataplanes", "meshes", "services"].map((value) => ({ value })),
  ...(await knownTypes(context))
    .filter(
      ({ policy, name }) =>
        policy !== undefined || ["Dataplane", "ZoneIngress", "ZoneEgress", "MeshGateway", "MeshService"].includes(name),
    )
    .map(({ name }) => ({ value: name.toLowerCase(), description: name })),
];

const dataplanes: Source = (context) => namesAt(context, `meshes/${connected(context).mesh}/dataplanes`);

/** Of arguments, by the command and their name in its help. */
function argumentSource({ commands }: Cursor, argument: string): Source | undefined {
  const path = commands
    .slice(1)
    .map((command) => command.name())
    .join(" ");
  return ARGUMENTS[`${path} ${argument}`];
}

const ARGUMENTS: Readonly<Record<string, Source>> = {
  "get type": types,
  "get name": names,
  "describe type": types,
  "describe name": names,
  "delete type": types,
  "delete name": names,
  "inspect what": inspected,
  "inspect name": names,
  "endpoints name": names,
  "zones describe name": zones,
  "sync accept id": holds,
  "sync reject id": holds,
  "profile use name": profiles,
  "profile show name": profiles,
  "profile remove name": profiles,
  "completion shell": () => SHELLS.map((value) => ({ value })),
};

const nothing: Source = () => [];

/** Of options without choices; those that are not here are files. */
const OPTION_VALUES: Readonly<Record<string, Source>> = {
  "--mesh": meshes,
  "--profile": profiles,
  "--zone": zones,
  "--from": dataplanes,
  "--scope": () => ["ingress", "egress"].map((value) => ({ value })),
  "--kind": () => ["MeshService", "MeshMultiZoneService", "MeshExternalService", "legacy"].map((value) => ({ value })),
  ...Object.fromEntries(
    [
      "--server",
      "--header",
      "--request-timeout",
      "--interval",
      "--timeout",
      "--max-age",
      "--name",
      "--label",
      "--tag",
      "--size",
      "--offset",
      "--to",
      "--down",
      "--valid-for",
      "--group",
      "--workload",
      "--diagnostics",
      "--system-namespace",
      "--include",
      "--set",
      "--global",
      "--zones",
      "--port-offset",
    ].map((name) => [name, nothing]),
  ),
};

async function namesAt(context: Context, path: string): Promise<readonly Candidate[]> {
  const { client } = connected(context);
  const { items } = await client.page(path, {
    size: NAMES_MAX,
    ...(context.part === "" ? {} : { name: context.part }),
  });
  return items.map((item) => ({ value: item.name, ...describeItem(item) }));
}

function describeItem({ labels = {}, name }: RestResource): { readonly description?: string } {
  const shown = labels["kuma.io/display-name"];
  const zone = labels["kuma.io/zone"];
  const parts = [
    ...(shown === undefined || shown === name ? [] : [shown]),
    ...(zone === undefined ? [] : [`zone ${zone}`]),
  ];
  return parts.length === 0 ? {} : { description: parts.join(", ") };
}

/** Of the server, else those that this version knows. */
async function knownTypes(context: Context): Promise<readonly ResourceType[]> {
  try {
    return await connected(context).client.resourceTypes();
  } catch {
    return builtinTypes
      .filter(({ path }) => path !== undefined)
      .map((type) => ({
        includeInFederation: false,
        name: type.name,
        path: type.path ?? "",
        pluralDisplayName: type.pluralDisplayName,
        readOnly: type.isReadOnly,
        scope: type.scope,
        shortName: type.shortName ?? "",
        singularDisplayName: type.singularDisplayName,
        ...(type.policy === undefined
          ? {}
          : {
              policy: {
                hasFromTargetRef: type.policy.hasFrom,
                hasRulesTargetRef: type.policy.hasRules,
                hasToTargetRef: type.policy.hasTo,
                isFromAsRules: type.policy.isFromAsRules,
                isTargetRef: type.policy.isTargetRef,
              },
            }),
      }));
  }
}

function connected({ terminal, cursor }: Context): { readonly client: ApiClient; readonly mesh: string } {
  const options = cursor.options as ServerOptions & { readonly mesh?: string };
  return connect(quiet(terminal), { ...options, requestTimeout: PATIENCE });
}

/** Warnings would be written into the line that is being typed. */
function quiet(terminal: Terminal): Terminal {
  const { env, clock, stdout } = terminal;
  return {
    env,
    clock,
    stdout,
    stderr: { isTerminal: false, columns: undefined, write: () => {} },
    readInput: () => terminal.readInput(),
    interruption: () => terminal.interruption(),
  };
}
