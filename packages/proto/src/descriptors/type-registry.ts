/** Types by full name, of files whose names are not read before one is asked for. */
import type { DescEnum, DescExtension, DescFile, DescMessage, DescService, Registry } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";

type Type = DescMessage | DescEnum | DescExtension | DescService;

export class TypeRegistry implements Registry {
  readonly kind = "registry";
  readonly #files: readonly DescFile[];
  #byName: ReadonlyMap<string, Type> | undefined;

  constructor(files: readonly DescFile[]) {
    this.#files = files;
  }

  [Symbol.iterator](): IterableIterator<Type> {
    return this.#types().values();
  }
  get(typeName: string): Type | undefined {
    return this.#types().get(typeName);
  }
  getMessage(typeName: string): DescMessage | undefined {
    const type = this.get(typeName);
    return type?.kind === "message" ? type : undefined;
  }
  getEnum(typeName: string): DescEnum | undefined {
    const type = this.get(typeName);
    return type?.kind === "enum" ? type : undefined;
  }
  getService(typeName: string): DescService | undefined {
    const type = this.get(typeName);
    return type?.kind === "service" ? type : undefined;
  }
  /** None of our descriptions has extensions. */
  getExtension(): undefined {}
  getExtensionFor(): undefined {}

  #types(): ReadonlyMap<string, Type> {
    this.#byName ??= new Map(
      this.#files.flatMap((file) => [...nestedTypes(file)].map((type) => [type.typeName, type] as const)),
    );
    return this.#byName;
  }
}
