/**
 * Which server a command talks to, and with which credentials. Options of the command go before variables, those before the
 * profile in use. The place that names the server decides about the profile as well: a token is never sent to an address
 * that was given without it.
 */
import { err, goDurationToMs, ok, parseGoDuration, type Result } from "@isthmus/std";
import { findProfile, type Profile, type Profiles } from "./profile.ts";

export const DEFAULT_SERVER = "http://127.0.0.1:5681";
const TIMEOUT_MS = 30_000;

/** As commander gives them. */
export interface ServerOptions {
  readonly server?: string;
  readonly profile?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly skipVerify?: boolean;
  readonly header?: readonly string[];
  readonly requestTimeout?: string;
}

export interface ConnectionSettings {
  /** Without slash at the end. */
  readonly server: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly skipVerify: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Mesh of commands that name none. */
  readonly mesh: string;
  readonly timeoutMs: number;
  readonly profile?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

export function resolveSettings(
  options: ServerOptions,
  env: Env,
  profiles: Profiles,
): Result<ConnectionSettings, string> {
  const chosen = chooseServer(options, env, profiles);
  if (!chosen.ok) return chosen;
  const { profile, isProfileOfCommand } = chosen.value;
  const address = serverAddress(chosen.value.server);
  if (!address.ok) return address;
  const headers = parseHeaders(options.header ?? []);
  if (!headers.ok) return headers;
  const timeout = options.requestTimeout === undefined ? ok(TIMEOUT_MS) : timeoutOf(options.requestTimeout);
  if (!timeout.ok) return timeout;

  // What a profile that the command names leaves open may come from variables; else those go first.
  const pick = (name: "caFile" | "clientCertFile" | "clientKeyFile", variable: string): string | undefined =>
    options[name] ??
    (isProfileOfCommand ? (profile?.[name] ?? env[variable]) : (env[variable] ?? profile?.[name])) ??
    undefined;
  const files = {
    caFile: pick("caFile", "ISTHMUS_CA_FILE"),
    clientCertFile: pick("clientCertFile", "ISTHMUS_CLIENT_CERT_FILE"),
    clientKeyFile: pick("clientKeyFile", "ISTHMUS_CLIENT_KEY_FILE"),
  };
  if ((files.clientCertFile === undefined) !== (files.clientKeyFile === undefined)) {
    return err("a client certificate needs both --client-cert-file and --client-key-file");
  }
  return ok({
    server: address.value,
    ...tokenOf(options, env, profile, isProfileOfCommand),
    ...present(files),
    skipVerify: options.skipVerify ?? profile?.skipVerify ?? false,
    headers: { ...profile?.headers, ...headers.value },
    mesh: env["ISTHMUS_MESH"] || profile?.mesh || "default",
    timeoutMs: timeout.value,
    ...(profile === undefined ? {} : { profile: profile.name }),
  });
}

/** `name=value` each, as kumactl takes them; all that is wrong at once. */
export function parseHeaders(given: readonly string[]): Result<Readonly<Record<string, string>>, string> {
  const headers: Record<string, string> = {};
  const problems: string[] = [];
  for (const each of given) {
    const equals = each.indexOf("=");
    const name = equals < 0 ? each : each.slice(0, equals);
    if (equals < 1 || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      problems.push(`--header ${name}: has to be name=value`);
    else headers[name] = each.slice(equals + 1);
  }
  return problems.length === 0 ? ok(headers) : err(problems.join("\n"));
}

/** Without slash at the end. */
export function serverAddress(given: string): Result<string, string> {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    return err(`the server ${JSON.stringify(given)} is no address such as ${DEFAULT_SERVER}`);
  }
  if (url.username !== "" || url.password !== "")
    return err("credentials in the address of the server are not sent; use a profile");
  return ok(`${url.origin}${url.pathname}`.replace(/\/+$/, ""));
}

interface Chosen {
  readonly server: string;
  readonly profile: Profile | undefined;
  readonly isProfileOfCommand: boolean;
}

function chooseServer(options: ServerOptions, env: Env, profiles: Profiles): Result<Chosen, string> {
  const places = [
    { server: options.server, name: options.profile, isProfileOfCommand: options.profile !== undefined },
    {
      server: env["ISTHMUS_SERVER"] || undefined,
      name: env["ISTHMUS_PROFILE"] || undefined,
      isProfileOfCommand: false,
    },
    { server: undefined, name: profiles.current, isProfileOfCommand: false },
  ];
  const place = places.find(({ server, name }) => server !== undefined || name !== undefined);
  if (place === undefined) return ok({ server: DEFAULT_SERVER, profile: undefined, isProfileOfCommand: false });
  const profile = place.name === undefined ? undefined : findProfile(profiles, place.name);
  if (place.name !== undefined && profile === undefined) {
    const known = profiles.profiles.map(({ name }) => name);
    return err(
      `no profile ${JSON.stringify(place.name)}; ${known.length === 0 ? "there are none" : `there is ${known.join(", ")}`}`,
    );
  }
  return ok({
    server: place.server ?? profile?.server ?? DEFAULT_SERVER,
    profile,
    isProfileOfCommand: place.isProfileOfCommand,
  });
}

function tokenOf(
  { tokenFile }: ServerOptions,
  env: Env,
  profile: Profile | undefined,
  isProfileOfCommand: boolean,
): Pick<ConnectionSettings, "token" | "tokenFile"> {
  const ofCommand = present({ tokenFile });
  const ofEnv = present({
    token: env["ISTHMUS_TOKEN"] || undefined,
    tokenFile: env["ISTHMUS_TOKEN"] ? undefined : env["ISTHMUS_TOKEN_FILE"] || undefined,
  });
  const ofProfile = present({ token: profile?.token, tokenFile: profile?.tokenFile });
  const order = isProfileOfCommand ? [ofCommand, ofProfile, ofEnv] : [ofCommand, ofEnv, ofProfile];
  return order.find((source) => Object.keys(source).length > 0) ?? {};
}

function timeoutOf(given: string): Result<number, string> {
  const parsed = parseGoDuration(given);
  if (!parsed.ok) return err(`--request-timeout: ${parsed.error}`);
  const ms = goDurationToMs(parsed.value);
  return ms > 0 ? ok(ms) : err("--request-timeout: has to be longer than nothing");
}

function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
