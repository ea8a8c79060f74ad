/**
 * The path in front of all paths of the API (`apiServer.basePath`), for a server behind a proxy that serves others too. Routes
 * are registered without it. Source: kuma v2.14.3: pkg/api-server/server.go.
 */

/** Registered by Kuma at the root whatever the base path is. */
const AT_THE_ROOT = "/tokens/user";
/** Matches no route. */
const NOWHERE = "/%00";

export class BasePath {
  /** Without a slash at its end; "" for the root. */
  readonly prefix: string;
  /** Paths that stand beside it. */
  readonly #others: readonly string[];

  constructor(path: string, others: readonly string[]) {
    const trimmed = path.replace(/^\/+|\/+$/g, "");
    this.prefix = trimmed === "" ? "" : `/${trimmed}`;
    this.#others = [...others, AT_THE_ROOT];
  }

  /** What the router gets to see of the URL of a request. */
  route(url: string): string {
    if (this.prefix === "" || this.#others.some((path) => isBelow(url, path))) return url;
    if (!isBelow(url, this.prefix)) return NOWHERE;
    const rest = url.slice(this.prefix.length);
    return rest.startsWith("/") ? rest : `/${rest}`;
  }
}

function isBelow(url: string, path: string): boolean {
  return url.startsWith(path) && ["", "/", "?"].includes(url.charAt(path.length));
}
