/**
 * Whether Go (and Envoy, both use RE2's grammar) would compile a regular expression, with Go's message when not. The
 * platform's own engine is no judge: it accepts look-arounds and back references and refuses `(?i)` or `\z`.
 * Checks syntax only, in one pass. Source: Go 1.26: regexp/syntax/parse.go.
 */
import { matchAt, readEscape } from "./go-regexp-escape.ts";
import { isUnicodeClass } from "./unicode-class.ts";

const MAX_REPEAT = 1000;
const MAX_DEPTH = 1000;

/** A group that is open, or the whole expression. */
interface Frame {
  /** Whether there is something a repetition operator can follow. */
  hasOperand: boolean;
  /** Most copies that repetitions make of anything in this group, and of its last operand. */
  copies: number;
  lastCopies: number;
}

/** undefined when the expression compiles; else such as ``error parsing regexp: missing closing ]: `[a` ``. */
export function goRegexpError(expression: string): string | undefined {
  const failure = new Scanner(expression).run();
  return failure === undefined ? undefined : `error parsing regexp: ${failure}`;
}

class Scanner {
  readonly #text: string;
  #at = 0;
  #frames: Frame[] = [newFrame()];
  /** Where the repetition operator just read began; a second one must not follow it. */
  #repeatAt: number | undefined;
  #failure: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  run(): string | undefined {
    while (this.#failure === undefined && this.#at < this.#text.length) {
      const start = this.#at;
      const isRepeat = this.#token();
      this.#repeatAt = isRepeat ? start : undefined;
    }
    if (this.#failure === undefined && this.#frames.length > 1) this.#fail("missing closing )", 0, this.#text.length);
    return this.#failure;
  }

  /** True for a repetition operator. */
  #token(): boolean {
    const character = this.#text[this.#at] ?? "";
    switch (character) {
      case "(":
        this.#open();
        return false;
      case ")":
        this.#close();
        return false;
      case "|":
        this.#at += 1;
        this.#frame().hasOperand = false;
        return false;
      case "[":
        this.#class();
        return false;
      case "\\":
        this.#escaped();
        return false;
      case "*":
      case "+":
      case "?":
        this.#repeat(this.#at + 1, character === "?" ? 1 : 0);
        return true;
      case "{":
        return this.#counted();
      default:
        this.#at += String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0).length;
        this.#operand(0);
        return false;
    }
  }

  #open(): void {
    const flags = /\(\?(?:i|m|s|U)*(?:-(?:i|m|s|U)+)?([:)])/y;
    if (this.#text.startsWith("(?", this.#at)) {
      if (/\(\?P?</y.test(this.#text.slice(this.#at, this.#at + 4)) && this.#text.length > this.#at + 3) {
        this.#named();
        return;
      }
      const match = matchAt(flags, this.#text, this.#at);
      if (match === null) {
        this.#badFlags();
        return;
      }
      this.#at += match[0].length;
      if (match[1] === ")") return;
    } else {
      this.#at += 1;
    }
    this.#frames.push(newFrame());
    if (this.#frames.length > MAX_DEPTH) this.#fail("expression nests too deeply", 0, this.#text.length);
  }

  #named(): void {
    const end = this.#text.indexOf(">", this.#at);
    if (end < 0) {
      this.#fail("invalid named capture", this.#at, this.#text.length);
    } else if (!/^\(\?P?<[A-Za-z0-9_]+>$/.test(this.#text.slice(this.#at, end + 1))) {
      this.#fail("invalid named capture", this.#at, end + 1);
    } else {
      this.#at = end + 1;
      this.#frames.push(newFrame());
    }
  }

  /** The message shows what was read up to the first character that is no flag. */
  #badFlags(): void {
    const read = matchAt(/\(\?[imsU]*(?:-[imsU]*)?/y, this.#text, this.#at)?.[0].length ?? 2;
    const offender = this.#text.codePointAt(this.#at + read);
    const length = offender === undefined ? 0 : String.fromCodePoint(offender).length;
    this.#fail("invalid or unsupported Perl syntax", this.#at, this.#at + read + length);
  }

  #close(): void {
    if (this.#frames.length === 1) {
      this.#fail("unexpected )", 0, this.#text.length);
      return;
    }
    const copies = this.#frames.pop()?.copies ?? 1;
    this.#at += 1;
    this.#operand(copies);
  }

  #counted(): boolean {
    const match = matchAt(/\{(\d+)(,(\d*))?\}/y, this.#text, this.#at);
    const hasLeadingZero = /^0\d/.test(match?.[1] ?? "") || /^0\d/.test(match?.[3] ?? "");
    if (match === null || hasLeadingZero) {
      this.#at += 1;
      this.#operand(0);
      return false;
    }
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === "" ? -1 : Number(match[3]);
    const end = this.#at + match[0].length;
    if (min > MAX_REPEAT || max > MAX_REPEAT || (max >= 0 && min > max)) {
      this.#fail("invalid repeat count", this.#at, end);
    } else {
      this.#repeat(end, max < 0 ? min : max);
    }
    return true;
  }

  #repeat(operatorEnd: number, copies: number): void {
    const frame = this.#frame();
    const end = operatorEnd + (this.#text[operatorEnd] === "?" ? 1 : 0);
    if (this.#repeatAt !== undefined) {
      this.#fail("invalid nested repetition operator", this.#repeatAt, end);
    } else if (!frame.hasOperand) {
      this.#fail("missing argument to repetition operator", this.#at, end);
    } else if (copies >= 2 && copies * frame.lastCopies > MAX_REPEAT) {
      this.#fail("invalid repeat count", this.#at, end);
    }
    frame.lastCopies *= Math.max(copies, 1);
    frame.copies = Math.max(frame.copies, frame.lastCopies);
    this.#at = end;
  }

  #escaped(): void {
    const start = this.#at;
    const following = this.#text[start + 1] ?? "";
    if (following === "Q") {
      const end = this.#text.indexOf("\\E", start + 2);
      const literalEnd = end < 0 ? this.#text.length : end;
      this.#at = end < 0 ? literalEnd : end + 2;
      if (literalEnd > start + 2) this.#operand(0);
      return;
    }
    if (following === "C") {
      this.#fail("invalid escape sequence", start, start + 2);
      return;
    }
    if (/[AbBzdDsSwW]/.test(following)) this.#at += 2;
    else if (/[pP]/.test(following)) this.#unicodeClass();
    else this.#escape();
    this.#operand(0);
  }

  /** One escaped character; undefined after a failure. */
  #escape(): number | undefined {
    const escape = readEscape(this.#text, this.#at);
    if (escape.code !== undefined) this.#at = escape.end;
    else if (escape.isCutOff) this.#fail("trailing backslash at end of expression", 0, 0);
    else this.#fail("invalid escape sequence", this.#at, escape.end);
    return escape.code;
  }

  #unicodeClass(): void {
    const start = this.#at;
    const match = matchAt(/\\[pP](?:\{([^}]*)\}|([^{]))/uy, this.#text, start);
    if (match === null) {
      if (start + 2 === this.#text.length) this.#fail("invalid character class range", start, start + 2);
      else this.#fail("invalid character class range", start, this.#text.length);
      return;
    }
    this.#at = start + match[0].length;
    if (!isUnicodeClass((match[1] ?? match[2] ?? "").replace(/^\^/, ""))) {
      this.#fail("invalid character class range", start, this.#at);
    }
  }

  #class(): void {
    const start = this.#at;
    this.#at += this.#text[start + 1] === "^" ? 2 : 1;
    for (let isFirst = true; isFirst || this.#text[this.#at] !== "]"; isFirst = false) {
      this.#classItem(start);
      if (this.#failure !== undefined) return;
    }
    this.#at += 1;
    this.#operand(0);
  }

  #classItem(classStart: number): void {
    const start = this.#at;
    const named = matchAt(/\[:([^]*?):\]/y, this.#text, start);
    if (named !== null) {
      this.#at += named[0].length;
      const isKnown = /^\^?(alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit)$/;
      if (!isKnown.test(named[1] ?? "")) this.#fail("invalid character class range", start, this.#at);
      return;
    }
    if (matchAt(/\\[pP]/y, this.#text, start) !== null) {
      this.#unicodeClass();
      return;
    }
    if (matchAt(/\\[dDsSwW]/y, this.#text, start) !== null) {
      this.#at += 2;
      return;
    }
    const low = this.#classCharacter(classStart);
    if (this.#text[this.#at] !== "-" || this.#at + 1 >= this.#text.length || this.#text[this.#at + 1] === "]") return;
    this.#at += 1;
    const high = this.#classCharacter(classStart);
    if (low !== undefined && high !== undefined && high < low) {
      this.#fail("invalid character class range", start, this.#at);
    }
  }

  #classCharacter(classStart: number): number | undefined {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) {
      this.#fail("missing closing ]", classStart, this.#text.length);
      return undefined;
    }
    if (code === 0x5c) return this.#escape();
    this.#at += String.fromCodePoint(code).length;
    return code;
  }

  #operand(copies: number): void {
    const frame = this.#frame();
    frame.hasOperand = true;
    frame.lastCopies = Math.max(copies, 1);
    frame.copies = Math.max(frame.copies, frame.lastCopies);
  }

  #frame(): Frame {
    return this.#frames.at(-1) ?? newFrame();
  }

  /** The first failure counts. */
  #fail(what: string, start: number, end: number): void {
    this.#failure ??= `${what}: \`${this.#text.slice(start, end)}\``;
  }
}

const newFrame = (): Frame => ({ hasOperand: false, copies: 1, lastCopies: 1 });
