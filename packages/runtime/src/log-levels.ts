/**
 * Levels of parts of a program, changed while it runs: `PUT /logging` on the diagnostics port. A part is a name with dots, as
 * every line of it carries in `logger`; a level set for `kds` holds for `kds.transport` as well, unless that has its own.
 * Source of rules and texts: kuma v2.14.3: pkg/log/component_level.go.
 */
import { err, ok, type Result } from "@isthmus/std";

export type LogLevel = "debug" | "info" | "warn" | "error" | "off";

/** What Kuma's clients may ask for. */
const SETTABLE: readonly LogLevel[] = ["off", "info", "debug"];
const NAME_MAX_LENGTH = 256;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
export const OVERRIDES_MAX = 200;

/** Whose level it is: pino's loggers fit. */
export interface Leveled {
  level: string;
}

export class LogLevels {
  readonly #base: LogLevel;
  readonly #overrides = new Map<string, LogLevel>();
  readonly #loggers = new Map<string, Leveled>();

  constructor(base: LogLevel) {
    this.#base = base;
  }

  /** From now on the logger of this part has the level that is set for it. */
  add(component: string, logger: Leveled): void {
    this.#loggers.set(component, logger);
    logger.level = pinoLevel(this.levelOf(component));
  }

  levelOf(component: string): LogLevel {
    for (const name of [component, ...ancestorsOf(component)]) {
      const level = this.#overrides.get(name);
      if (level !== undefined) return level;
    }
    return this.#base;
  }

  /** In order of name. */
  overrides(): Readonly<Record<string, LogLevel>> {
    return Object.fromEntries([...this.#overrides].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  set(component: string, level: string): Result<void, LevelProblem> {
    const isValid = checkName(component);
    if (!isValid.ok) return isValid;
    const wanted = SETTABLE.find((each) => each === level);
    if (wanted === undefined) {
      return err({ kind: "invalid", detail: `invalid log level: unknown log level ${JSON.stringify(level)}` });
    }
    if (!this.#overrides.has(component) && this.#overrides.size >= OVERRIDES_MAX) {
      const detail = `maximum number of component overrides (${OVERRIDES_MAX}) reached`;
      return err({ kind: "too-many", detail });
    }
    this.#overrides.set(component, wanted);
    this.#apply();
    return ok(undefined);
  }

  /** Back to the configured level; no matter whether there was another. */
  reset(component: string): Result<void, LevelProblem> {
    const isValid = checkName(component);
    if (!isValid.ok) return isValid;
    this.#overrides.delete(component);
    this.#apply();
    return ok(undefined);
  }

  /** What was set until now. */
  resetAll(): Readonly<Record<string, LogLevel>> {
    const before = this.overrides();
    this.#overrides.clear();
    this.#apply();
    return before;
  }

  #apply(): void {
    for (const [component, logger] of this.#loggers) logger.level = pinoLevel(this.levelOf(component));
  }
}

export interface LevelProblem {
  readonly kind: "invalid" | "too-many";
  readonly detail: string;
}

function checkName(component: string): Result<void, LevelProblem> {
  if (component === "") return err({ kind: "invalid", detail: "component name must not be empty" });
  if (component.length > NAME_MAX_LENGTH) {
    return err({ kind: "invalid", detail: `component name exceeds ${NAME_MAX_LENGTH} characters` });
  }
  if (!NAME.test(component)) {
    return err({ kind: "invalid", detail: `component name ${JSON.stringify(component)} contains invalid characters` });
  }
  return ok(undefined);
}

/** `a.b`, `a` for `a.b.c`. */
function ancestorsOf(component: string): readonly string[] {
  const parts = component.split(".");
  return parts.slice(0, -1).map((_, index) => parts.slice(0, parts.length - 1 - index).join("."));
}

function pinoLevel(level: LogLevel): string {
  return level === "off" ? "silent" : level;
}
