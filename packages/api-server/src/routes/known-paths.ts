/** Which methods a path has, for requests that no route takes. They are rare: what this needs is made for the first one. */

export class KnownPaths {
  readonly #routes: ReadonlyMap<string, ReadonlySet<string>>;
  #patterns: readonly Pattern[] | undefined;

  /** By template: `/meshes/:mesh`. May still grow until the first question. */
  constructor(routes: ReadonlyMap<string, ReadonlySet<string>>) {
    this.#routes = routes;
  }

  /** Undefined: there is no such path. A template that has fewer parameters goes before others that fit, as in the router. */
  methodsOf(url: string): ReadonlySet<string> | undefined {
    this.#patterns ??= [...this.#routes]
      .map(([template, methods]) => ({ ...patternOf(template), methods }))
      .sort((a, b) => a.parameters - b.parameters);
    const path = url.replace(/[?#;].*$/, "").replace(/(?<=.)\/$/, "");
    return this.#patterns.find(({ expression }) => expression.test(path))?.methods;
  }
}

interface Pattern {
  readonly expression: RegExp;
  readonly parameters: number;
  readonly methods: ReadonlySet<string>;
}

function patternOf(template: string): Omit<Pattern, "methods"> {
  const segments = template.replace(/(?<=.)\/$/, "").split("/");
  const sources = segments.map((segment) => {
    if (segment === "*") return ".*";
    return segment.startsWith(":") ? "[^/]+" : segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  const parameters = segments.filter((segment) => segment === "*" || segment.startsWith(":")).length;
  return { expression: new RegExp(`^${sources.join("/")}$`), parameters };
}
