/**
 * Whether govalidator takes a text for a URL, which Kuma asks of addresses as well: `collector:9000` is one, `collector` is
 * none. Its expression takes exponential time in V8, so what it says is said here in steps of linear time.
 * Source: github.com/asaskevich/govalidator: validator.go `IsURL`, patterns.go `URL`.
 */
import { isIPv6 } from "node:net";
import { parseUrl } from "./go-url.ts";

const MIN_BYTES = 4;
const MAX_CHARACTERS = 2_082;

const SCHEME = /^(?:ftp|tcp|udp|wss?|https?):\/\//;
const SPACE = /[\t\n\f\r ]/;
const IP4 =
  /^(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3]|24\d|25[0-5])(?:\.(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){2}\.(?:\d\d?|1\d\d|2[0-4]\d|25[0-5])\.?$/;

export function isUrl(text: string): boolean {
  // A character has at most two code units, so no long text is taken apart.
  if (text.length > 2 * MAX_CHARACTERS || Array.from(text).length > MAX_CHARACTERS) return false;
  if (Buffer.byteLength(text) < MIN_BYTES || text.startsWith(".") || SPACE.test(text)) {
    return false;
  }
  const parsed = parseUrl(text.includes(":") && !text.includes("://") ? `http://${text}` : text);
  if (parsed === undefined || parsed.host.startsWith(".")) return false;
  if (parsed.host === "" && parsed.path !== "" && !/\.|%2e/i.test(parsed.path)) return false;
  return hasHost(text, 0) || hasHost(text, SCHEME.exec(text)?.[0].length ?? 0);
}

/** Whether a host follows at `start`, or after some user info of which only the `@` at its end is sure. */
function hasHost(text: string, start: number): boolean {
  for (let at = start; ; ) {
    const candidate = /^[^/?#@]*/.exec(text.slice(at))?.[0] ?? "";
    if (text[at + candidate.length] !== "@" && isHostAndPort(candidate)) return true;
    // There is at least one character of user info.
    const next = text.indexOf("@", Math.max(at, start + 1));
    if (next < 0) return false;
    at = next + 1;
  }
}

function isHostAndPort(text: string): boolean {
  const host = text.replace(/:\d{1,5}$/, "");
  const bracketed = /^\[([^\]]*)\]\.?$/.exec(host)?.[1];
  return bracketed === undefined ? IP4.test(host) || isName(host) : isIp6(bracketed);
}

const IP6_WITH_IP4 = /^(?:::(?:ffff(?::0{1,4})?:)?|(?:[\da-fA-F]{1,4}:){1,4}:)[\d.]+$/;
const IP6_WITH_ZONE = /^fe80:(?::[\da-fA-F]{0,4}){0,4}%[\da-zA-Z]+$/;

function isIp6(text: string): boolean {
  if (text.includes("%")) return IP6_WITH_ZONE.test(text);
  return isIPv6(text) && (!text.includes(".") || IP6_WITH_IP4.test(text));
}

const ASCII = /[a-zA-Z0-9]/;
const PART = /[a-zA-Z0-9\u{a1}-\u{ffff}]/u;
const LETTER = /[a-zA-Z\u{a1}-\u{ffff}]/u;
const DOT = /\./;

type State =
  | "start"
  | "label"
  | "labelEnd"
  | "labelMark"
  | "domain"
  | "mark"
  | "domainEnd"
  | "domainDot"
  | "top"
  | WwwState
  | PartState;
type WwwState = "w" | "ww" | "www" | "wwwDot";
type PartState = "part" | "dash" | "dashes" | "dot" | "ending" | "endDot";

const TO_PART: readonly [RegExp, State] = [PART, "part"];

/**
 * A name is an optional beginning, a part, an optional ending and an optional dot, and nothing separates the first two. So
 * this automaton is in all states at once that the text so far allows: its steps by state.
 */
const STEPS: Readonly<Record<State, readonly (readonly [RegExp, State])[]>> = {
  start: [[ASCII, "label"], [ASCII, "domain"], [/w/, "w"], TO_PART],
  // A beginning of ASCII, dashes and underscores, then more behind dots or dashes.
  label: [
    [/[\w-]/, "label"],
    [ASCII, "labelEnd"],
  ],
  labelEnd: [[ASCII, "labelEnd"], [/[.-]/, "labelMark"], TO_PART],
  labelMark: [[ASCII, "labelEnd"]],
  // Or one whose marks stand alone, which ends with two characters, a dot and ASCII.
  domain: [
    [ASCII, "domain"],
    [/[-_.]/, "mark"],
    [ASCII, "domainEnd"],
  ],
  mark: [[ASCII, "domain"]],
  domainEnd: [[DOT, "domainDot"]],
  domainDot: [[ASCII, "top"]],
  top: [[ASCII, "top"], TO_PART],
  // Or "www.".
  w: [[/w/, "ww"]],
  ww: [[/w/, "www"]],
  www: [[DOT, "wwwDot"]],
  wwwDot: [TO_PART],
  // The part: one or two dashes may stand between its characters.
  part: [TO_PART, [/-/, "dash"], [DOT, "dot"]],
  dash: [TO_PART, [/-/, "dashes"]],
  dashes: [TO_PART],
  dot: [[LETTER, "ending"]],
  ending: [
    [LETTER, "ending"],
    [DOT, "endDot"],
  ],
  endDot: [],
};
const ACCEPTED: readonly State[] = ["part", "dot", "ending", "endDot"];

function isName(text: string): boolean {
  let states: ReadonlySet<State> = new Set(["start"]);
  for (const character of text) {
    const next = new Set<State>();
    for (const state of states) {
      for (const [characters, to] of STEPS[state]) if (characters.test(character)) next.add(to);
    }
    if (next.size === 0) return false;
    states = next;
  }
  return ACCEPTED.some((state) => states.has(state));
}
