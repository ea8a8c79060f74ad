/** Checks answers against the OpenAPI document that a server serves, as strictly as it can be read: no member besides. */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

const ID = "https://isthmus.invalid/openapi.json";

interface Route {
  readonly pattern: RegExp;
  readonly path: string;
  readonly literals: number;
}

export class DescribedApi {
  readonly #document: JsonObject;
  readonly #routes: readonly Route[];
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(document: JsonObject) {
    this.#document = document;
    this.#routes = Object.keys(document["paths"] as JsonObject)
      .map((path) => ({
        path,
        pattern: new RegExp(`^${path.replace(/[.+]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")}/?$`),
        literals: path.split("/").filter((part) => !part.startsWith("{")).length,
      }))
      .sort((a, b) => b.literals - a.literals);
    this.#ajv = new Ajv2020({ strict: false, allErrors: true });
    formats.default(this.#ajv, ["date-time"]);
    this.#ajv.addSchema({ ...closed(document), $id: ID });
  }

  /** Operations that say no more than their paths do. */
  get undescribed(): readonly string[] {
    return Object.entries(this.#document["paths"] as Record<string, JsonObject>).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        isJsonObject(operation) && JSON.stringify(operation["tags"]) === '["Others"]' ? [`${method} ${path}`] : [],
      ),
    );
  }

  /** What the answer has that the document does not say; empty: nothing. */
  problems(method: string, path: string, status: number, contentType: string, text: string): readonly string[] {
    const [target = ""] = path.split("?");
    const route = this.#routes.find(({ pattern }) => pattern.test(target));
    const operation =
      route === undefined ? undefined : member(this.#document, "paths", route.path, method.toLowerCase());
    // What is no route of the server is refused by its router, in plain text.
    if (route === undefined || operation === undefined) return [404, 405].includes(status) ? [] : ["no such operation"];
    const responses = member(operation, "responses");
    const key = isJsonObject(responses) && Object.hasOwn(responses, String(status)) ? String(status) : "default";
    const [type = ""] = contentType.split(";");
    const contents = ["paths", route.path, method.toLowerCase(), "responses", key, "content", type, "schema"];
    if (member(this.#document, ...contents) === undefined) return [`${status} ${type} is not described`];
    if (type !== "application/json") return [];
    const validate = this.#validatorOf(contents);
    if (validate(JSON.parse(text))) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${instancePath || "/"} ${message ?? ""} ${JSON.stringify(params)}`.trim(),
    );
  }

  #validatorOf(path: readonly string[]): ValidateFunction {
    const pointer = path.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const known = this.#compiled.get(pointer) ?? this.#ajv.compile({ $ref: `${ID}#/${pointer}` });
    this.#compiled.set(pointer, known);
    return known;
  }
}

function member(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((each, name) => (isJsonObject(each) ? each[name] : undefined), value);
}

/** Objects that name their members have no others, unless they say so. */
function closed<T>(value: T): T {
  if (Array.isArray(value)) return value.map((each: unknown) => closed(each)) as T;
  if (!isJsonObject(value)) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, closed(each)]));
  const isObject = value["type"] === "object" && isJsonObject(value["properties"]);
  if (isObject && value["additionalProperties"] === undefined) copy["additionalProperties"] = false;
  return copy as T;
}
