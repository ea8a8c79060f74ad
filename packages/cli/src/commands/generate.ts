/** `isthmus generate`: tokens, signed by the server or with a key of a file, and such keys; printed alone so that they can be piped. */
import type { ApiClient } from "@isthmus/api";
import { dataplaneClaims, userClaims, zoneClaims } from "@isthmus/identity";
import { formatGoDuration, goDurationToMs, parseGoDuration } from "@isthmus/std";
import { type Command, Option } from "commander";
import { connect, withMesh, withServer } from "../connection/connect.ts";
import type { ServerOptions } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import type { Terminal } from "../terminal.ts";

interface TokenOptions extends ServerOptions {
  readonly validFor?: string;
  readonly signingKeyPath?: string;
  readonly kid?: string;
}

/** The same token, asked from a server and made here. */
interface TokenOrder {
  /** `validFor`: as Go writes it. */
  readonly ask: (client: ApiClient, validFor: string | undefined, mesh: string) => Promise<string>;
  readonly claims: (mesh: string) => object;
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
/** As servers do. */
const DEFAULT_VALIDITY = "87600h";

export function registerGenerate(program: Command, terminal: Terminal): void {
  const generate = program.command("generate").description("tokens, and keys to sign them with");
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
  signingKey(generate.command("signing-key"), terminal);
  publicKey(generate.command("public-key"), terminal);
}

function signingKey(command: Command, terminal: Terminal): void {
  command
    .description("a new key to sign tokens with")
    .addOption(new Option("--format <format>", "form of the key").choices(["pem", "pem-base64"]).default("pem-base64"))
    .action(async ({ format }: { readonly format: "pem" | "pem-base64" }) => {
      const { newSigningKey } = await import("../offline-key.ts");
      const key = await newSigningKey();
      write(terminal, format === "pem" ? key : Buffer.from(key).toString("base64"));
    });
}

function publicKey(command: Command, terminal: Terminal): void {
  command
    .description("what tokens of a signing key are checked with")
    .requiredOption("--signing-key-path <file>", "the signing key, PEM")
    .action(async ({ signingKeyPath }: { readonly signingKeyPath: string }) => {
      const { publicHalf } = await import("../offline-key.ts");
      write(terminal, await publicHalf(signingKeyPath));
    });
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
    print(terminal, options, dataplaneOrder(options)),
  );
}

function zoneToken(command: Command, terminal: Terminal): void {
  command
    .description("lets the zone proxies of a zone connect")
    .requiredOption("--zone <zone>", "name of the zone")
    .option("--scope <scope...>", "what it is good for", SCOPES);
  withValidity(command);
  withServer(command, "a global").action((options: ZoneTokenOptions) => print(terminal, options, zoneOrder(options)));
}

function userToken(command: Command, terminal: Terminal): void {
  command
    .description("shows a server who you are")
    .requiredOption("--name <name>", "name of the user")
    .option("--group <group...>", "groups of the user, such as mesh-system:admin");
  withValidity(command, true);
  withServer(command).action((options: UserTokenOptions) => print(terminal, options, userOrder(options)));
}

function dataplaneOrder({ name, tag = [], proxyType, workload }: DataplaneTokenOptions): TokenOrder {
  const tags: Readonly<Record<string, string[]>> = Object.fromEntries(tag.map(tagOf));
  return {
    ask: (client, validFor, mesh) =>
      client.dataplaneToken({
        ...(name === undefined ? {} : { name }),
        mesh,
        ...(tag.length === 0 ? {} : { tags }),
        ...(proxyType === undefined ? {} : { type: proxyType }),
        ...(workload === undefined ? {} : { workload }),
        ...(validFor === undefined ? {} : { validFor }),
      }),
    claims: (mesh) =>
      dataplaneClaims({ name: name ?? "", mesh, tags, type: proxyType ?? "", workload: workload ?? "" }),
  };
}

function zoneOrder({ zone, scope: given }: ZoneTokenOptions): TokenOrder {
  const scope = given.flatMap((each) => each.split(","));
  return {
    ask: (client, validFor) => client.zoneToken({ zone, scope, ...(validFor === undefined ? {} : { validFor }) }),
    claims: () => zoneClaims({ zone, scope }),
  };
}

function userOrder({ name, group }: UserTokenOptions): TokenOrder {
  const groups = group?.flatMap((each) => each.split(","));
  return {
    ask: (client, validFor = "") => client.userToken({ name, ...(groups === undefined ? {} : { groups }), validFor }),
    claims: () => userClaims({ name, groups: groups ?? null }),
  };
}

function withValidity(command: Command, isRequired = false): void {
  const description = "how long the token is valid, such as 24h or 30d";
  if (isRequired) command.requiredOption("--valid-for <duration>", description);
  else command.option("--valid-for <duration>", `${description}; 10 years if not given`);
  command
    .option("--signing-key-path <file>", "sign with this key instead of asking a server")
    .option("--kid <id>", "with --signing-key-path: id of the key, by which servers know it");
}

async function print(
  terminal: Terminal,
  options: TokenOptions & { readonly mesh?: string },
  order: TokenOrder,
): Promise<void> {
  const validFor = options.validFor === undefined ? undefined : validity(options.validFor);
  const { signingKeyPath: path, kid } = options;
  if ((path === undefined) !== (kid === undefined)) {
    throw new CommandError("--signing-key-path and --kid go together", ExitCode.usage);
  }
  if (path === undefined || kid === undefined) {
    const { ask, mesh } = connect(terminal, options);
    write(terminal, await ask((client) => order.ask(client, validFor, mesh)));
    return;
  }
  const { signOffline } = await import("../offline-key.ts");
  const parsed = parseGoDuration(validFor ?? DEFAULT_VALIDITY);
  const claims = order.claims(options.mesh ?? "default");
  write(
    terminal,
    await signOffline({ path, kid }, claims, parsed.ok ? goDurationToMs(parsed.value) : 0, terminal.clock),
  );
}

/** As kumactl: a file that gets it holds nothing else. */
function write({ stdout }: Terminal, text: string): void {
  stdout.write(stdout.isTerminal && !text.endsWith("\n") ? `${text}\n` : text);
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
