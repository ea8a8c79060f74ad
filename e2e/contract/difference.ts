/** How an answer differs from a recorded one; empty: it does not. */
import { isJsonObject, type JsonValue } from "@isthmus/std";

/** What differs from run to run, by the name of its member. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
/** Kuma's zero time is no time. */
const NO_TIME = "0001-01-01T00:00:00Z";
const COUNT = /^\d+$/;
const IDS = ["id", "clusterId", "jti"];
const COUNTERS = ["responsesSent", "responsesAcknowledged", "responsesRejected"];
/** Which program was asked. */
const BUILD = ["gitCommit", "buildDate"];
/** Counts how often Kuma looked whether a connection is still alive; there from the second time on. */
const GENERATION = "generation";
const SECRET_TYPES = ["Secret", "GlobalSecret"];

/** `values`: the same to the letter, but for what differs from run to run; `shape`: the same members, and values of the same kind. */
export type Comparison = "values" | "shape";

export interface Difference {
  /** `.items[].spec.ports` */
  readonly place: string;
  readonly text: string;
}

export function differences(expected: JsonValue, actual: JsonValue, by: Comparison): readonly Difference[] {
  const found: Difference[] = [];
  compare(masked(expected), masked(actual), "", by, (path, text) => {
    found.push({
      place: path === "" ? "." : path.replace(/\[\d+\]/g, "[]"),
      text: `${path === "" ? "." : path}: ${text}`,
    });
  });
  return found;
}

function masked(value: JsonValue, name = ""): JsonValue {
  if (Array.isArray(value)) return value.map((each) => masked(each));
  if (isJsonObject(value)) {
    const isSecret = SECRET_TYPES.some((type) => type === value["type"]);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== GENERATION)
        .map(([key, member]) => [key, isSecret && key === "data" ? "<data>" : masked(member, key)]),
    );
  }
  if (typeof value !== "string") return value;
  if (IDS.includes(name) || /instanceId$/i.test(name)) return "<id>";
  if (BUILD.includes(name)) return "<build>";
  if (name === "hostname" && !value.includes(".")) return "<host>";
  if (TIME.test(value) && value !== NO_TIME) return "<time>";
  if (COUNTERS.includes(name) && COUNT.test(value)) return "<count>";
  if (name === "config" && isObjectText(value)) return "<configuration>";
  if (name === "next") return value.replace(/^https?:\/\/[^/]+/, "<origin>");
  return value;
}

function isObjectText(text: string): boolean {
  try {
    return isJsonObject(JSON.parse(text));
  } catch {
    return false;
  }
}

type Report = (path: string, text: string) => void;

function compare(expected: JsonValue, actual: JsonValue, path: string, by: Comparison, report: Report): void {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (by === "values" && expected.length !== actual.length) {
      report(path, `${actual.length} items instead of ${expected.length}`);
    }
    const [example] = expected;
    for (const [index, item] of actual.entries()) {
      const other = expected[index] ?? (by === "shape" ? example : undefined);
      if (other !== undefined) compare(other, item, `${path}[${index}]`, by, report);
    }
    return;
  }
  if (isJsonObject(expected) && isJsonObject(actual)) {
    for (const [name, value] of Object.entries(expected)) {
      const other = Object.hasOwn(actual, name) ? actual[name] : undefined;
      if (other === undefined) report(`${path}.${name}`, "missing");
      else compare(value, other, `${path}.${name}`, by, report);
    }
    for (const [name, value] of Object.entries(actual)) {
      if (!Object.hasOwn(expected, name)) report(`${path}.${name}`, `too much, ${brief(value)}`);
    }
    const order = (value: object, other: object): string =>
      Object.keys(value)
        .filter((name) => Object.hasOwn(other, name))
        .join(", ");
    if (order(expected, actual) !== order(actual, expected)) {
      report(path, `in the order ${order(actual, expected)} instead of ${order(expected, actual)}`);
    }
    return;
  }
  const isSame = by === "values" ? expected === actual : kindOf(expected) === kindOf(actual);
  if (!isSame) report(path, `${brief(actual)} instead of ${brief(expected)}`);
}

function kindOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "string" && COUNT.test(value)) return "digits";
  return typeof value;
}

function brief(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
