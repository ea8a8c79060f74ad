/** The server that a command talks to, and the paths of its resources as the server itself describes them. */
import { ApiClient, ApiError, type ResourceType } from "@isthmus/api";
import { errorMessage } from "@isthmus/std";
import type { Command } from "commander";
import { CommandError, ExitCode } from "./exit-code.ts";

export const DEFAULT_SERVER = "http://127.0.0.1:5681";
const TIMEOUT_MS = 30_000;

export interface ServerOptions {
  readonly server: string;
}

/** `who`: servers that can answer. */
export function withServer(command: Command, who = "a global or zone"): Command {
  return command.option("-s, --server <url>", `REST address of ${who} (also ISTHMUS_SERVER)`, defaultServer());
}

function defaultServer(): string {
  return process.env["ISTHMUS_SERVER"] ?? DEFAULT_SERVER;
}

export function clientOf(options: ServerOptions): ApiClient {
  return new ApiClient({ baseUrl: options.server, timeoutMs: TIMEOUT_MS });
}

/** One question; a refusal becomes the end of the command. */
export async function ask<T>(options: ServerOptions, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(explainError(error, options.server));
  }
}

/** Finds a type by name, path, singular or short name, in any case: `MeshTimeout`, `meshtimeouts`, `meshtimeout`, `mt`. */
export async function findType(client: ApiClient, word: string): Promise<ResourceType> {
  const types = await client.resourceTypes();
  const wanted = word.toLowerCase();
  const found = types.find((type) =>
    [type.name.toLowerCase(), type.path.toLowerCase(), type.shortName.toLowerCase()].includes(wanted),
  );
  if (found) return found;
  throw new CommandError(
    `unknown type ${JSON.stringify(word)}; the server knows ${types.map((type) => type.path).join(", ")}`,
    ExitCode.usage,
  );
}

export function collectionPath(type: ResourceType, mesh: string): string {
  return type.scope === "Mesh" ? `meshes/${pathSegment("mesh", mesh)}/${type.path}` : type.path;
}

export function resourcePath(type: ResourceType, mesh: string, name: string): string {
  return `${collectionPath(type, mesh)}/${pathSegment("name", name)}`;
}

/** Of an address: `delete meshtimeout ..` would otherwise delete the mesh. */
export function pathSegment(what: string, text: string): string {
  if (text !== "" && text !== "." && text !== ".." && !text.includes("/")) return text;
  throw new CommandError(`the ${what} ${JSON.stringify(text)} cannot be that of a resource`, ExitCode.usage);
}

/** One line for a person, with every violation that the server named. */
export function explainError(error: unknown, server: string): string {
  if (error instanceof CommandError) return error.message;
  if (error instanceof ApiError) {
    const violations = error.invalidParameters.map(
      (v) => `\n  ${v.field === "" ? v.reason : `${v.field}: ${v.reason}`}`,
    );
    return `${error.title} (${error.detail})${violations.join("")}`;
  }
  const cause = error instanceof Error && error.cause !== undefined ? `: ${errorMessage(error.cause)}` : "";
  if (error instanceof TypeError) return `cannot reach ${server}${cause}`;
  return `${errorMessage(error)}${cause}`;
}
