/** From the options of a command to a client of the server that they mean. */
import { readFileSync } from "node:fs";
import { ApiClient, type Send } from "@isthmus/api";
import { ISTHMUS_VERSION } from "@isthmus/runtime/identity";
import { errorMessage } from "@isthmus/std";
import { type Command, Option } from "commander";
import { CommandError, ExitCode } from "../exit-code.ts";
import { printLine, type Terminal } from "../terminal.ts";
import { explainError } from "./explain-error.ts";
import { loadProfiles } from "./profile-file.ts";
import { type ConnectionSettings, resolveSettings, type ServerOptions } from "./settings.ts";
import { createTransport } from "./transport.ts";

export interface Connection {
  readonly client: ApiClient;
  readonly settings: ConnectionSettings;
  /** Of the caller, wherever it came from. Not to be shown. */
  readonly token: string | undefined;
  /** Mesh of commands that name none. */
  readonly mesh: string;
  /** For questions that are none of the REST contract. */
  readonly transport: Send;
  /** One question; a refusal becomes the end of the command. */
  readonly ask: <T>(question: (client: ApiClient) => Promise<T>) => Promise<T>;
}

const GROUP = "Connection:";

/** `who`: servers that can answer. */
export function withServer(command: Command, who = "a global or zone"): Command {
  const options = [
    new Option("-s, --server <url>", `REST address of ${who} (ISTHMUS_SERVER)`),
    new Option("--profile <name>", "profile to use (ISTHMUS_PROFILE; see `isthmus profile`)"),
    new Option("--token-file <file>", "file with a user token (ISTHMUS_TOKEN_FILE; ISTHMUS_TOKEN is the token)"),
    new Option("--ca-file <file>", "authorities that sign the server's certificate (ISTHMUS_CA_FILE)"),
    new Option("--client-cert-file <file>", "client certificate (ISTHMUS_CLIENT_CERT_FILE)"),
    new Option("--client-key-file <file>", "its key (ISTHMUS_CLIENT_KEY_FILE)"),
    new Option("--skip-verify", "take any certificate of the server"),
    new Option("--header <name=value...>", "sent with every request"),
    new Option("--request-timeout <duration>", "limit of one request, 30s if not given"),
  ];
  for (const option of options) command.addOption(option.helpGroup(GROUP));
  return command;
}

/** Adds `-m`. Without it the mesh is that of ISTHMUS_MESH or the profile, else `default`. */
export function withMesh(command: Command, description = "mesh of mesh-scoped types"): Command {
  return command.option("-m, --mesh <mesh>", `${description} (ISTHMUS_MESH; default)`);
}

export function connect(terminal: Terminal, options: ServerOptions & { readonly mesh?: string }): Connection {
  const resolved = resolveSettings(options, terminal.env, loadProfiles(terminal));
  if (!resolved.ok) throw new CommandError(resolved.error, ExitCode.usage);
  const connection = connectTo(terminal, resolved.value);
  return options.mesh === undefined ? connection : { ...connection, mesh: options.mesh };
}

export function connectTo(terminal: Terminal, settings: ConnectionSettings): Connection {
  const { server, caFile, clientCertFile, clientKeyFile, headers, skipVerify, timeoutMs } = settings;
  const token =
    settings.token ?? (settings.tokenFile === undefined ? undefined : readOption("token", settings.tokenFile).trim());
  if (token !== undefined) warnAboutOpenToken(terminal, server);
  const transport = createTransport({
    ...(caFile === undefined ? {} : { ca: readOption("certificate authorities", caFile) }),
    ...(clientCertFile === undefined ? {} : { clientCert: readOption("client certificate", clientCertFile) }),
    ...(clientKeyFile === undefined ? {} : { clientKey: readOption("key of the client certificate", clientKeyFile) }),
    skipVerify,
    headers,
    userAgent: `isthmus/${ISTHMUS_VERSION} (${process.platform}; ${process.arch})`,
  });
  const client = new ApiClient({
    baseUrl: server,
    fetch: transport,
    timeoutMs,
    ...(token === undefined ? {} : { token }),
  });
  return {
    client,
    settings,
    token,
    mesh: settings.mesh,
    transport,
    async ask(question) {
      try {
        return await question(client);
      } catch (error) {
        throw error instanceof CommandError ? error : new CommandError(explainError(error, server));
      }
    },
  };
}

function readOption(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`cannot read the ${what}: ${errorMessage(error)}`, ExitCode.usage);
  }
}

function warnAboutOpenToken(terminal: Terminal, server: string): void {
  const { protocol, hostname } = new URL(server);
  const isOwnMachine = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  if (protocol === "https:" || isOwnMachine) return;
  printLine(terminal.stderr, `warning: the token travels to ${server} readable by everybody on the way; use https`);
}
