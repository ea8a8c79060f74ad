/** `isthmus generate token dataplane|zone|user`: tokens that the server signs, printed alone so that they can be piped. */
import type { ApiClient } from "@isthmus/api";
import { formatGoDuration, parseGoDuration } from "@isthmus/std";
import { type Command, Option } from "commander";
import { connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

interface TokenOptions extends ServerOptions {
  readonly validFor?: string;
}

interface DataplaneTokenOptions extends TokenOptions {
  readonly name?: string;
  readonly mesh?: string;
  readonly tag?: readonly string[];
  readonly proxyType?: string;
  readonly workload?: string;
}

interface ZoneTokenOptions extends TokenOptions {
  readonly zone: string;
  readonly scope: readonly string[];
}

interface UserTokenOptions extends TokenOptions {
  readonly name: string;
  readonly group?: readonly string[];
}

const SCOPES = ["ingress", "egress"];
const NANOSECONDS_PER_DAY = 86_400_000_000_000n;

export function registerGenerate(program: Command, terminal: Terminal): void {
  const generate = program.command("generate").description("tokens");
  const token = generate.command("token").description("a token, signed by the server");
  // `generate token zone` and, as kumactl has it, `generate zone-token`.
  for (const [parent, suffix] of [
    [token, ""],
    [generate, "-token"],
  ] as const) {
    dataplaneToken(parent.command(`dataplane${suffix}`), terminal);
    zoneToken(parent.command(`zone${suffix}`), terminal);
    userToken(parent.command(`user${suffix}`), terminal);
  }
}

function dataplaneToken(command: Command, terminal: Terminal): void {
  command
    .description("lets a Dataplane connect")
    .option("--name <name>", "name of the Dataplane; any if not given")
    .option("--tag <key=value,...>", "tags that the Dataplane must have; repeatable", collect)
    .addOption(new Option("--proxy-type <type>", "kind of proxy").choices(["dataplane", "ingress", "egress"]))
    .option("--workload <name>", "workload that the Dataplane must belong to");
  withValidity(command);
  withServer(withMesh(command, "mesh of the Dataplane")).action((options: DataplaneTokenOptions) =>
    print(terminal, options, (client, validFor, mesh) => {
      const { name, tag = [], proxyType, workload } = options;
      const tags = Object.fromEntries(tag.map(tagOf));
      return client.dataplaneToken({
        ...(name === undefined ? {} : { name }),
        mesh,
        ...(tag.length === 0 ? {} : { tags }),
        ...(proxyType === undefined ? {} : { type: proxyType }),
        ...(workload === undefined ? {} : { workload }),
        ...(validFor === undefined ? {} : { validFor }),
      });
    }),
  );
}

function zoneToken(command: Command, terminal: Terminal): void {
  command
    .description("lets the zone proxies of a zone connect")
    .requiredOption("--zone <zone>", "name of the zone")
    .option("--scope <scope...>", "what it is good for", SCOPES);
  withValidity(command);
  withServer(command, "a global").action((options: ZoneTokenOptions) =>
    print(terminal, options, (client, validFor) =>
      client.zoneToken({
        zone: options.zone,
        scope: options.scope.flatMap((scope) => scope.split(",")),
        ...(validFor === undefined ? {} : { validFor }),
      }),
    ),
  );
}

function userToken(command: Command, terminal: Terminal): void {
  command
    .description("shows a server who you are")
    .requiredOption("--name <name>", "name of the user")
    .option("--group <group...>", "groups of the user, such as mesh-system:admin");
  withValidity(command, true);
  withServer(command).action((options: UserTokenOptions) =>
    print(terminal, options, (client, validFor = "") =>
      client.userToken({
        name: options.name,
        ...(options.group === undefined ? {} : { groups: options.group.flatMap((group) => group.split(",")) }),
        validFor,
      }),
    ),
  );
}

function withValidity(command: Command, isRequired = false): void {
  const description = "how long the token is valid, such as 24h or 30d";
  if (isRequired) command.requiredOption("--valid-for <duration>", description);
  else command.option("--valid-for <duration>", `${description}; 10 years if not given`);
}

async function print(
  terminal: Terminal,
  options: TokenOptions & { readonly mesh?: string },
  question: (client: ApiClient, validFor: string | undefined, mesh: string) => Promise<string>,
): Promise<void> {
  const validFor = options.validFor === undefined ? undefined : validity(options.validFor);
  const { ask, mesh } = connect(terminal, options);
  const token = await ask((client) => question(client, validFor, mesh));
  // As kumactl: a file that gets it holds nothing but the token.
  terminal.stdout.write(terminal.stdout.isTerminal ? `${token}\n` : token);
}

/** As Go writes it; whole days may be given as well. */
function validity(text: string): string {
  const days = /^(\d+)d$/.exec(text)?.[1];
  const parsed = days === undefined ? parseGoDuration(text) : undefined;
  if (parsed !== undefined && !parsed.ok) throw new CommandError(`--valid-for: ${parsed.error}`, ExitCode.usage);
  const nanoseconds = parsed === undefined ? BigInt(days ?? 0) * NANOSECONDS_PER_DAY : parsed.value;
  if (nanoseconds <= 0n) throw new CommandError("--valid-for: has to be longer than nothing", ExitCode.usage);
  return formatGoDuration(nanoseconds);
}

function tagOf(text: string): readonly [string, string[]] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new CommandError(`--tag ${text}: has to be key=value`, ExitCode.usage);
  return [text.slice(0, equals), text.slice(equals + 1).split(",")];
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
