/**
 * What generated code is made of, in place of the functions of `@bufbuild/protobuf/codegenv2` that have these names: those read every description
 * when it is loaded, a tenth of a second for Envoy's. Here nothing is read at first. A name reads the names of its file, a field of a message makes the
 * descriptors of its file; files that it imports are read for their names alone.
 */
import { Buffer } from "node:buffer";
import type {
  DescEnum,
  DescField,
  DescFile,
  DescMessage,
  DescOneof,
  DescService,
  JsonValue,
  Message,
} from "@bufbuild/protobuf";
import {
  type GenEnum,
  type GenMessage,
  type GenService,
  type GenServiceMethods,
  fileDesc as readFile,
} from "@bufbuild/protobuf/codegenv2";
import { type EnumNames, type FileNames, fileNames, type MessageNames } from "./file-names.ts";

export type { GenEnum, GenFile, GenMessage, GenService } from "@bufbuild/protobuf/codegenv2";

type NoJson = { jsonType: undefined; validType: undefined };

export function fileDesc(base64: string, imports: readonly DescFile[] = []): LazyFile {
  return new LazyFile(base64, imports);
}

export function messageDesc<Shape extends Message, Opt extends { jsonType?: unknown; validType?: unknown } = NoJson>(
  file: DescFile,
  ...path: number[]
): GenMessage<Shape, Opt> {
  return lazy(file).messageAt(path) as unknown as GenMessage<Shape, Opt>;
}

export function enumDesc<Shape extends number, Json extends JsonValue = JsonValue>(
  file: DescFile,
  ...path: number[]
): GenEnum<Shape, Json> {
  return lazy(file).enumAt(path) as unknown as GenEnum<Shape, Json>;
}

export function serviceDesc<Methods extends GenServiceMethods>(file: DescFile, index: number): GenService<Methods> {
  return file.services[index] as unknown as GenService<Methods>;
}

class LazyFile implements DescFile {
  readonly kind = "file";
  readonly dependencies: DescFile[];
  readonly extensions = [];
  readonly #messages = new Map<string, LazyMessage>();
  readonly #enums = new Map<string, LazyEnum>();
  #base64: string;
  #names: FileNames | undefined;
  #made: DescFile | undefined;

  constructor(base64: string, imports: readonly DescFile[]) {
    this.#base64 = base64;
    this.dependencies = [...imports];
  }

  get name(): string {
    return this.names().path.replace(/\.proto$/, "");
  }
  get messages(): LazyMessage[] {
    return this.names().messages.map((_, i) => this.messageAt([i]));
  }
  get enums(): LazyEnum[] {
    return this.names().enums.map((_, i) => this.enumAt([i]));
  }
  get services(): DescService[] {
    return this.names().hasServices ? this.made().services : [];
  }
  get edition(): DescFile["edition"] {
    return this.made().edition;
  }
  get deprecated(): boolean {
    return this.made().deprecated;
  }
  get proto(): DescFile["proto"] {
    return this.made().proto;
  }
  toString(): string {
    return `file ${this.names().path}`;
  }

  names(): FileNames {
    this.#names ??= fileNames(Buffer.from(this.#base64, "base64"));
    return this.#names;
  }

  /** The same object for the same path, of which only the first index counts messages of the file. */
  messageAt(path: readonly number[]): LazyMessage {
    return at(this.#messages, path, () => new LazyMessage(this, path));
  }

  /** The last index counts enums. */
  enumAt(path: readonly number[]): LazyEnum {
    return at(this.#enums, path, () => new LazyEnum(this, path));
  }

  made(): DescFile {
    this.#made ??= this.#make();
    return this.#made;
  }

  #make(): DescFile {
    this.names();
    const made = readFile(this.#base64, this.dependencies.map(declarations));
    this.#base64 = "";
    const own = new Map<DescMessage | DescEnum, LazyMessage | LazyEnum>();
    const visit = (container: DescFile | DescMessage, path: readonly number[]): void => {
      const { messages, enums } = typesIn(container);
      for (const [i, each] of enums.entries()) own.set(each, this.enumAt([...path, i]));
      for (const [i, each] of messages.entries()) {
        own.set(each, this.messageAt([...path, i]));
        visit(each, [...path, i]);
      }
    };
    visit(made, []);
    for (const real of own.keys()) refer(real, own);
    for (const service of made.services) {
      refer(service, own);
      Object.assign(service, { file: this });
    }
    return made;
  }
}

interface Names {
  readonly messages: readonly MessageNames[];
  readonly enums: readonly EnumNames[];
}

interface Made {
  readonly messages: readonly DescMessage[];
  readonly enums: readonly DescEnum[];
}

/** A message or an enum, by its place in its file. */
abstract class LazyType<N extends EnumNames, D extends DescMessage | DescEnum> {
  readonly file: LazyFile;
  readonly path: readonly number[];
  #names: N | undefined;
  #made: D | undefined;

  constructor(file: LazyFile, path: readonly number[]) {
    this.file = file;
    this.path = path;
  }

  get name(): string {
    return this.names().name;
  }
  get typeName(): string {
    return this.names().typeName;
  }
  get parent(): LazyMessage | undefined {
    return this.path.length > 1 ? this.file.messageAt(this.path.slice(0, -1)) : undefined;
  }
  get deprecated(): boolean {
    return this.made().deprecated;
  }
  get proto(): D["proto"] {
    return this.made().proto;
  }

  /** Its own kind, of those that a file or message has. */
  protected abstract namesIn(names: Names): readonly N[];
  protected abstract madeIn(made: Made): readonly D[];

  names(): N {
    this.#names ??= found(this.namesIn((this.parent ?? this.file).names())[this.path.at(-1) ?? 0]);
    return this.#names;
  }

  made(): D {
    this.#made ??= found(this.madeIn(typesIn(this.parent?.made() ?? this.file.made()))[this.path.at(-1) ?? 0]);
    return this.#made;
  }
}

class LazyMessage extends LazyType<MessageNames, DescMessage> implements DescMessage {
  readonly kind = "message";
  readonly nestedExtensions = [];

  get nestedMessages(): LazyMessage[] {
    return this.names().messages.map((_, i) => this.file.messageAt([...this.path, i]));
  }
  get nestedEnums(): LazyEnum[] {
    return this.names().enums.map((_, i) => this.file.enumAt([...this.path, i]));
  }
  get fields(): DescField[] {
    return this.made().fields;
  }
  get field(): Record<string, DescField> {
    return this.made().field;
  }
  get oneofs(): DescOneof[] {
    return this.made().oneofs;
  }
  get members(): (DescField | DescOneof)[] {
    return this.made().members;
  }
  override toString(): string {
    return `message ${this.typeName}`;
  }

  protected namesIn({ messages }: Names): readonly MessageNames[] {
    return messages;
  }
  protected madeIn({ messages }: Made): readonly DescMessage[] {
    return messages;
  }
}

class LazyEnum extends LazyType<EnumNames, DescEnum> implements DescEnum {
  readonly kind = "enum";

  get open(): boolean {
    return this.made().open;
  }
  get values(): DescEnum["values"] {
    return this.made().values;
  }
  get value(): DescEnum["value"] {
    return this.made().value;
  }
  get sharedPrefix(): string | undefined {
    return this.made().sharedPrefix;
  }
  override toString(): string {
    return `enum ${this.typeName}`;
  }

  protected namesIn({ enums }: Names): readonly EnumNames[] {
    return enums;
  }
  protected madeIn({ enums }: Made): readonly DescEnum[] {
    return enums;
  }
}

/** What a file that imports this one looks up in it. Its own imports count for nothing: none of our descriptions imports publicly. */
function declarations(file: DescFile): DescFile {
  if (!(file instanceof LazyFile)) return file;
  const { messages, enums } = file;
  const proto = { name: file.names().path };
  return {
    kind: "file",
    proto,
    messages,
    enums,
    services: [],
    extensions: [],
    dependencies: [],
  } as unknown as DescFile;
}

/** Lets a descriptor that was just made name those of this module in place of its siblings. */
function refer(desc: DescMessage | DescEnum | DescService, own: ReadonlyMap<object, object>): void {
  const lazily = <T>(each: T): T => (own.get(each as object) ?? each) as T;
  if (desc.kind === "enum") {
    for (const value of desc.values) Object.assign(value, { parent: lazily(desc) });
  } else if (desc.kind === "service") {
    for (const method of desc.methods)
      Object.assign(method, { input: lazily(method.input), output: lazily(method.output) });
  } else {
    for (const oneof of desc.oneofs) Object.assign(oneof, { parent: lazily(desc) });
    for (const field of desc.fields) {
      const { message, enum: enumeration } = field;
      Object.assign(field, { parent: lazily(desc), message: lazily(message), enum: lazily(enumeration) });
    }
  }
}

function at<T>(all: Map<string, T>, path: readonly number[], make: () => T): T {
  const key = path.join(".");
  const known = all.get(key);
  if (known !== undefined) return known;
  const made = make();
  all.set(key, made);
  return made;
}

function typesIn(container: DescFile | DescMessage): Made {
  return container.kind === "file" ? container : { messages: container.nestedMessages, enums: container.nestedEnums };
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("generated code does not match its description");
  return value;
}

function lazy(file: DescFile): LazyFile {
  if (file instanceof LazyFile) return file;
  throw new Error(`${file.name} is not of this module`);
}
