/**
 * Which resources of a response a NACK is about. Isthmus receivers begin each line with the wire name; Kuma names the
 * resource only in conflicts (`resource already exists: type="Secret" name="a" mesh="b"`), its validation errors name
 * nothing. What cannot be attributed makes the unnamed rest of the response suspect.
 */

/** Wire name for a rejection of the type as a whole: a response without resources was rejected. */
export const WHOLE_TYPE = "";
/** Wire name that stands for more suspects than are listed. */
export const AND_MORE = "*";

const SUSPECTS_MAX = 1_000;
/** First line of a NACK that holds conflicts. Source: kuma v2.14.3: pkg/kds/util/errors.go. */
export const USER_ERROR_LINE = "user error";

export interface Suspect {
  readonly wireName: string;
  readonly version: string;
  readonly message: string;
  readonly isCertain: boolean;
}

export function attributeNack(upserts: ReadonlyMap<string, string>, message: string): readonly Suspect[] {
  if (upserts.size === 0) return [{ wireName: WHOLE_TYPE, version: "", message, isCertain: true }];
  const named = new Map<string, string>();
  let hasUnnamedLine = false;
  for (const line of message.split("\n")) {
    if (line === "" || line === USER_ERROR_LINE) continue;
    const wireName = nameIn(line, upserts);
    if (wireName === undefined) hasUnnamedLine = true;
    else named.set(wireName, named.has(wireName) ? `${named.get(wireName) ?? ""}\n${line}` : line);
  }
  const suspects: Suspect[] = [];
  const areOthersSuspect = hasUnnamedLine || named.size === 0;
  const unnamed = upserts.size - named.size;
  for (const [wireName, version] of upserts) {
    const line = named.get(wireName);
    if (line === undefined && !areOthersSuspect) continue;
    if (suspects.length === SUSPECTS_MAX) {
      suspects.push({ wireName: AND_MORE, version: "", message, isCertain: false });
      break;
    }
    suspects.push({ wireName, version, message: line ?? message, isCertain: line !== undefined || unnamed === 1 });
  }
  return suspects;
}

function nameIn(line: string, upserts: ReadonlyMap<string, string>): string | undefined {
  const prefix = line.slice(0, Math.max(line.indexOf(": "), 0));
  if (upserts.has(prefix)) return prefix;
  const conflict = /name="([^"]*)" mesh="([^"]*)"/.exec(line);
  if (conflict === null) return undefined;
  const wireName = `${conflict[1] ?? ""}.${conflict[2] ?? ""}`;
  return upserts.has(wireName) ? wireName : undefined;
}
