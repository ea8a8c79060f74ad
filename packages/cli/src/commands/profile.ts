/** `isthmus profile add|list|show|use|remove`: servers and credentials under a name, as kumactl's control planes. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ApiError } from "@isthmus/api";
import { errorMessage, type JsonObject } from "@isthmus/std";
import { type Command, Option } from "commander";
import { connectTo } from "../connection/connect.ts";
import { authOf, findProfile, type Profile, type Profiles } from "../connection/profile.ts";
import { loadProfiles, profileFile, saveProfiles } from "../connection/profile-file.ts";
import { parseHeaders, resolveSettings, type ServerOptions, serverAddress } from "../connection/settings.ts";
import { CommandError, ExitCode } from "../exit-code.ts";
import { formatJson } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { formatYaml } from "../output/yaml.ts";
import { printLine, type Terminal } from "../terminal.ts";

interface AddOptions extends Omit<ServerOptions, "server" | "profile" | "requestTimeout"> {
  readonly server: string;
  readonly mesh?: string;
  readonly overwrite?: boolean;
  readonly skipCheck?: boolean;
}

const MASK = "*****";

export function registerProfile(program: Command, terminal: Terminal): void {
  const profile = program.command("profile").description("servers and credentials under a name");

  profile
    .command("add")
    .description("remember a server, and use it from now on")
    .argument("<name>")
    .requiredOption("-s, --server <url>", "REST address, such as https://global.example:5682")
    .option(
      "--token-file <file>",
      "file with a user token, read for every command; - takes the token from standard input",
    )
    .option("--ca-file <file>", "authorities that sign the server's certificate")
    .option("--client-cert-file <file>", "client certificate")
    .option("--client-key-file <file>", "its key")
    .option("--skip-verify", "take any certificate of the server")
    .option("--header <name=value...>", "sent with every request")
    .option("-m, --mesh <mesh>", "mesh of commands that name none")
    .option("--overwrite", "in place of a profile of that name")
    .option("--skip-check", "do not ask the server")
    .action((name: string, options: AddOptions) => addProfile(terminal, name, options));

  profile
    .command("list")
    .description("all profiles")
    .addOption(
      new Option("-o, --output <format>", "form of the answer").choices(["table", "json", "yaml"]).default("table"),
    )
    .action(({ output }: { readonly output: string }) => {
      const profiles = loadProfiles(terminal);
      if (output === "table") printLine(terminal.stdout, profileTable(profiles));
      else printLine(terminal.stdout, formatAs(output, masked(profiles)));
    });

  profile
    .command("show")
    .description("one profile, or the one in use; secrets are masked")
    .argument("[name]")
    .addOption(new Option("-o, --output <format>", "form of the answer").choices(["yaml", "json"]).default("yaml"))
    .action((name: string | undefined, { output }: { readonly output: string }) => {
      const profiles = loadProfiles(terminal);
      const wanted = name ?? profiles.current;
      if (wanted === undefined) throw new CommandError("no profile is in use", ExitCode.usage);
      printLine(terminal.stdout, formatAs(output, maskedProfile(knownProfile(profiles, wanted))));
    });

  profile
    .command("use")
    .description("talk to the server of this profile from now on")
    .argument("<name>")
    .action((name: string) => {
      const profiles = loadProfiles(terminal);
      const { server } = knownProfile(profiles, name);
      saveProfiles(terminal, { ...profiles, current: name });
      printLine(terminal.stdout, `profile ${name} is in use: ${server}`);
    });

  profile
    .command("remove")
    .description("forget a profile")
    .argument("<name>")
    .action((name: string) => {
      const { current, ...rest } = loadProfiles(terminal);
      knownProfile(rest, name);
      saveProfiles(terminal, {
        ...(current === undefined || current === name ? {} : { current }),
        profiles: rest.profiles.filter((each) => each.name !== name),
      });
      printLine(terminal.stdout, `profile ${name} removed${current === name ? "; none is in use now" : ""}`);
    });

  profile
    .command("path")
    .description("the file that holds the profiles (ISTHMUS_PROFILES)")
    .action(() => printLine(terminal.stdout, profileFile(terminal)));
}

async function addProfile(terminal: Terminal, name: string, options: AddOptions): Promise<void> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    throw new CommandError("the name of a profile has letters, digits, dots, hyphens and underscores", ExitCode.usage);
  }
  const profiles = loadProfiles(terminal);
  if (findProfile(profiles, name) !== undefined && options.overwrite !== true) {
    throw new CommandError(`there is a profile ${name} already; --overwrite replaces it`, ExitCode.usage);
  }
  const profile = await profileFrom(terminal, name, options);
  const next = {
    current: name,
    profiles: [...profiles.profiles.filter((each) => each.name !== name), profile].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    ),
  };
  const seen = options.skipCheck === true ? "" : `: ${await whoAnswers(terminal, profile, next)}`;
  saveProfiles(terminal, next);
  printLine(terminal.stdout, `profile ${name} added and in use${seen}`);
}

async function profileFrom(terminal: Terminal, name: string, options: AddOptions): Promise<Profile> {
  const server = serverAddress(options.server);
  if (!server.ok) throw new CommandError(server.error, ExitCode.usage);
  const headers = parseHeaders(options.header ?? []);
  if (!headers.ok) throw new CommandError(headers.error, ExitCode.usage);
  const { tokenFile, caFile, clientCertFile, clientKeyFile, skipVerify, mesh } = options;
  const token = tokenFile === "-" ? (await terminal.readInput()).trim() : undefined;
  if (token === "") throw new CommandError("standard input has no token", ExitCode.usage);
  // A profile is used from any folder.
  const files = { tokenFile: token === undefined ? tokenFile : undefined, caFile, clientCertFile, clientKeyFile };
  for (const file of Object.values(files)) if (file !== undefined) mustBeReadable(file);
  return {
    name,
    server: server.value,
    ...(token === undefined ? {} : { token }),
    ...Object.fromEntries(
      Object.entries(files).flatMap(([key, file]) => (file === undefined ? [] : [[key, resolve(file)] as const])),
    ),
    ...(skipVerify === true ? { skipVerify } : {}),
    ...(Object.keys(headers.value).length === 0 ? {} : { headers: { ...headers.value } }),
    ...(mesh === undefined ? {} : { mesh }),
  };
}

function mustBeReadable(file: string): void {
  try {
    readFileSync(file);
  } catch (error) {
    throw new CommandError(errorMessage(error), ExitCode.usage);
  }
}

/** With the credentials: a token that the server refuses is better known now than later. */
async function whoAnswers(terminal: Terminal, profile: Profile, profiles: Profiles): Promise<string> {
  const settings = resolveSettings({ profile: profile.name }, {}, profiles);
  if (!settings.ok) throw new CommandError(settings.error, ExitCode.usage);
  const { client, ask } = connectTo(terminal, settings.value);
  const { product, version } = await ask(() => client.index());
  const me = await ask(() =>
    client.whoAmI().catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }),
  );
  return `${product} ${version} at ${profile.server}${me === undefined ? "" : `, as ${me.name}`}`;
}

function knownProfile(profiles: Profiles, name: string): Profile {
  const profile = findProfile(profiles, name);
  if (profile !== undefined) return profile;
  const names = profiles.profiles.map((each) => each.name);
  throw new CommandError(
    `no profile ${JSON.stringify(name)}; ${names.length === 0 ? "there are none" : `there is ${names.join(", ")}`}`,
    ExitCode.usage,
  );
}

function profileTable({ current, profiles }: Profiles): string {
  return formatTable(
    ["ACTIVE", "NAME", "ADDRESS", "AUTH", "MESH"],
    profiles.map((profile) => [
      profile.name === current ? "*" : "",
      profile.name,
      profile.server,
      authOf(profile),
      profile.mesh ?? "default",
    ]),
  );
}

function masked({ current, profiles }: Profiles): JsonObject {
  return { ...(current === undefined ? {} : { current }), profiles: profiles.map((profile) => maskedProfile(profile)) };
}

/** Headers may hold credentials as well. */
function maskedProfile({ token, headers, ...rest }: Profile): JsonObject {
  return {
    ...(rest as unknown as JsonObject),
    ...(token === undefined ? {} : { token: MASK }),
    ...(headers === undefined ? {} : { headers: Object.fromEntries(Object.keys(headers).map((key) => [key, MASK])) }),
  };
}

function formatAs(output: string, value: JsonObject): string {
  return output === "json" ? formatJson(value) : formatYaml(value);
}
