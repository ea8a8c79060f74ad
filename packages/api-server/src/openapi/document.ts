/**
 * The OpenAPI 3.1 document of a server, made of the routes that it has and of the schemas that it checks and prints with.
 * A route without a description appears with what its path says, so that none is missing.
 */
import { errorBodySchema } from "@isthmus/api";
import { type Registry, resourceSchemas } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { FIXED_OPERATIONS } from "./fixed-operations.ts";
import { inspectOperations } from "./inspect-operations.ts";
import { answer, type Content, jsonOf, type Operation, type QueryParameter, schemaOfZod } from "./operation.ts";
import { KUBERNETES_MANIFEST, resourceOperations, SERVICE_ITEM } from "./resource-operations.ts";

export interface DocumentOptions {
  /** Methods by path, as the router knows them. */
  readonly routes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly registry: Registry;
  readonly version: string;
  /** In front of all paths; "" for nothing. */
  readonly basePath: string;
  /** Path of the GUI, "" where there is none. */
  readonly guiPath: string;
}

export const refOf = (name: string): string => `#/components/schemas/${name}`;

const ERROR = "Error";
const KUBERNETES_SCHEMA: JsonObject = {
  type: "object",
  required: ["apiVersion", "kind", "metadata"],
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: {
      type: "object",
      properties: {
        name: { type: "string" },
        namespace: { type: "string" },
        labels: { type: "object", additionalProperties: { type: "string" } },
        annotations: { type: "object", additionalProperties: { type: "string" } },
        creationTimestamp: { type: ["string", "null"] },
      },
      additionalProperties: true,
    },
  },
  additionalProperties: true,
};
/** Documented by method of the router. */
const METHODS = ["GET", "PUT", "POST", "DELETE"];
/** Holds have slashes in their ids, so that the router sees one wildcard. */
const HOLDS = {
  url: "/sync/holds/*",
  shown: ["accept", "reject"].map((verb) => `/sync/holds/:zone/:type/:origin/${verb}`),
};

/** A step for each part. */
export function* openApiDocument(options: DocumentOptions): Generator<void, JsonObject> {
  const { registry, version, basePath } = options;
  const schemas = new Map<string, JsonObject>(yield* resourceSchemas(registry, refOf));
  schemas.set(KUBERNETES_MANIFEST, KUBERNETES_SCHEMA);
  schemas.set(SERVICE_ITEM, merged(schemas, "ServiceInsight", "kuma.mesh.v1alpha1.ServiceInsight.Service"));
  schemas.set(ERROR, schemaOfZod(errorBodySchema));
  const paths: Record<string, Record<string, JsonObject>> = {};
  const tags = new Set<string>();
  for (const { method, url, operation } of describedRoutes(options)) {
    const path = url.replace(/:(\w+)/g, "{$1}");
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = operationObject(operation, path, schemas);
    tags.add(operation.tag);
    yield;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Isthmus",
      summary: "REST API of a multi-zone control plane",
      description: "Paths, bodies and errors are those of Kuma where Kuma has them.",
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: basePath === "" ? "/" : basePath }],
    security: [{}, { token: [] }],
    tags: [...tags].sort().map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}

/** One object with the members of several. */
function merged(schemas: ReadonlyMap<string, JsonObject>, ...names: readonly string[]): JsonObject {
  const properties = names.map((name) => schemas.get(name)?.["properties"]);
  return { type: "object", properties: Object.assign({}, ...properties.filter(isJsonObject)) as JsonObject };
}

/** Routes whose descriptions say no more than their paths do. */
export function undescribedRoutes(options: DocumentOptions): readonly string[] {
  return describedRoutes(options).flatMap(({ method, url, isKnown }) => (isKnown ? [] : [`${method} ${url}`]));
}

interface DescribedRoute {
  readonly method: string;
  readonly url: string;
  readonly operation: Operation;
  readonly isKnown: boolean;
}

function describedRoutes({ routes, registry, guiPath }: DocumentOptions): readonly DescribedRoute[] {
  const operations = new Map([...resourceOperations(registry, refOf), ...inspectOperations(registry)]);
  return [...routes].flatMap(([url, methods]) =>
    METHODS.filter((method) => methods.has(method)).flatMap((method) =>
      shownUrls(url).map((shown) => {
        const known = operations.get(`${method} ${shown}`) ?? FIXED_OPERATIONS[`${method} ${standard(shown, guiPath)}`];
        return { method, url: shown, operation: known ?? unknown(method, shown), isKnown: known !== undefined };
      }),
    ),
  );
}

function shownUrls(url: string): readonly string[] {
  return url === HOLDS.url ? HOLDS.shown : [url.replace(/\*$/, ":path")];
}

/** The GUI is described at its usual place. */
function standard(url: string, guiPath: string): string {
  return guiPath !== "" && (url === guiPath || url.startsWith(`${guiPath}/`))
    ? `/gui${url.slice(guiPath.length)}`
    : url;
}

function unknown(method: string, url: string): Operation {
  const id = `${method.toLowerCase()}${url.replace(/[^a-z0-9]+/gi, "-")}`;
  return { id, tag: "Others", summary: `${method} ${url}`, answers: { 200: answer("done", jsonOf({})) } };
}

function operationObject(operation: Operation, path: string, schemas: Map<string, JsonObject>): JsonObject {
  const { id, tag, summary, query = [], body, answers } = operation;
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const responses = Object.entries(answers).map(([status, { description, contents }]) => [
    status,
    { description, ...(contents.length === 0 ? {} : { content: contentObject(contents, schemas) }) },
  ]);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(parameters.length + query.length === 0 ? {} : { parameters: [...parameters, ...query.map(queryObject)] }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentObject([body], schemas) } }),
    responses: {
      ...(Object.fromEntries(responses) as JsonObject),
      default: {
        description: "refused",
        content: {
          "application/json": { schema: { $ref: refOf(ERROR) } },
          "text/plain": { schema: { type: "string" } },
        },
      },
    },
  };
}

function queryObject({ name, description, schema }: QueryParameter): JsonObject {
  return { name, in: "query", description, schema, ...(schema["type"] === "array" ? { explode: true } : {}) };
}

function contentObject(contents: readonly Content[], schemas: Map<string, JsonObject>): JsonObject {
  const shown: Record<string, JsonObject> = {};
  for (const content of contents) {
    if (content.kind === "text") shown[content.type] = { schema: { type: "string" } };
    else if (content.kind === "json") shown["application/json"] = { schema: content.schema };
    else {
      if (!schemas.has(content.name)) addZodSchema(content.name, schemaOfZod(content.schema), schemas);
      shown["application/json"] = { schema: { $ref: refOf(content.name) } };
    }
  }
  return shown;
}

/** What is shared inside of the schema becomes a schema of the document. */
function addZodSchema(name: string, schema: JsonObject, schemas: Map<string, JsonObject>): void {
  const { $defs, ...rest } = schema;
  const renamed = (value: JsonObject): JsonObject =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', `"${refOf(`${name}.`)}`)) as JsonObject;
  schemas.set(name, renamed(rest));
  for (const [part, definition] of Object.entries(isJsonObject($defs) ? $defs : {})) {
    if (isJsonObject(definition)) schemas.set(`${name}.${part}`, renamed(definition));
  }
}
