/**
 * The kinds of values a setting may have. Each accepts the native form (YAML) and text (environment, flags), so that one
 * schema serves all sources.
 */
import { parseGoDuration, parseJson } from "@isthmus/std";
import { z } from "zod";

const TRUE = new Set(["true", "1", "t", "yes", "on"]);
const FALSE = new Set(["false", "0", "f", "no", "off"]);

const fromText = (convert: (text: string) => unknown) => (input: unknown) =>
  typeof input === "string" ? convert(input.trim()) : input;

export const section = <T extends z.ZodRawShape>(shape: T) => z.prefault(z.object(shape), {} as never);

export const text = (fallback: string) => z.string({ error: "has to be text" }).default(fallback);

const secrets = new WeakSet<z.ZodType>();

/** Text that is never shown. */
export const secret = () => {
  const schema = text("");
  secrets.add(schema);
  return schema;
};

export const isSecret = (schema: z.ZodType): boolean => secrets.has(schema);

export const choice = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z
    .enum(values, { error: `has to be one of ${values.map((value) => value || "(empty)").join(", ")}` })
    .default(fallback as never);

export const flag = (fallback: boolean) =>
  z
    .preprocess(
      fromText((value) => {
        const lower = value.toLowerCase();
        return TRUE.has(lower) ? true : FALSE.has(lower) ? false : value;
      }),
      z.boolean({ error: "has to be true or false" }),
    )
    .default(fallback);

const toNumber = fromText((value) => (value === "" || Number.isNaN(Number(value)) ? value : Number(value)));

export const integer = (fallback: number, min: number, max = Number.MAX_SAFE_INTEGER) =>
  z
    .preprocess(
      toNumber,
      z
        .int({ error: "has to be a whole number" })
        .min(min, { error: `has to be at least ${min}` })
        .max(max, { error: `has to be at most ${max}` }),
    )
    .default(fallback);

/** 0 asks the system for a free port. */
export const port = (fallback: number) =>
  z
    .preprocess(
      toNumber,
      z
        .int({ error: "has to be a port number" })
        .min(0, { error: "has to be a port in the range [0, 65535]" })
        .max(65_535, { error: "has to be a port in the range [0, 65535]" }),
    )
    .default(fallback);

const durations = new WeakSet<z.ZodType>();

/** Go duration text ("10s", "1m30s"); the value is milliseconds. */
export const duration = (fallback: string) => {
  const schema = z.preprocess(
    (input) => input ?? fallback,
    z.string({ error: "has to be a duration such as 10s or 1m30s" }).transform((value, context) => {
      const parsed = parseGoDuration(value.trim());
      if (!parsed.ok) {
        context.addIssue({ code: "custom", message: parsed.error });
        return z.NEVER;
      }
      if (parsed.value < 0n) {
        context.addIssue({ code: "custom", message: "must not be negative" });
        return z.NEVER;
      }
      return Number(parsed.value) / 1e6;
    }),
  );
  durations.add(schema);
  return schema;
};

/** Whether the value of a setting is a duration in milliseconds. */
export const isDuration = (schema: z.ZodType): boolean => durations.has(schema);

/** Comma-separated in text. */
export const list = (fallback: readonly string[] = []) =>
  z
    .preprocess(
      fromText((value) =>
        value === ""
          ? []
          : value
              .split(",")
              .map((item) => item.trim())
              .filter((item) => item !== ""),
      ),
      z.array(z.string(), { error: "has to be a list" }),
    )
    .default([...fallback]);

const publicKey = z
  .object({
    kid: z.string({ error: "has to be text" }).min(1, { error: "is required" }),
    /** Of dataplane tokens only; empty: every mesh. */
    mesh: z.string().default(""),
    key: z.string().default(""),
    keyFile: z.string().default(""),
  })
  .refine(({ key, keyFile }) => (key === "") !== (keyFile === ""), { error: "has to have either key or keyFile" });

/** Keys that tokens made elsewhere are checked with. JSON in text. */
export const publicKeys = () =>
  z
    .preprocess(
      fromText((value) => {
        const parsed = parseJson(value);
        return parsed.ok ? parsed.value : value;
      }),
      z.array(publicKey, { error: "has to be a list of {kid, key or keyFile}" }),
    )
    .default([]);
