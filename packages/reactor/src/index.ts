export {
  type Change,
  type ChangeListener,
  type Collection,
  type CollectionDump,
  type CollectionKind,
  type DerivationGraph,
  type DeriveOptions,
  type FlatMapFunction,
  type FlushStats,
  type Index,
  type KeysOf,
  type MapFunction,
  type ReactorFailure,
  type Read,
  SINGLETON_KEY,
  type Singleton,
  type SingletonFunction,
  type Source,
} from "./collection.ts";
export { ReactorError, type ReactorErrorCode } from "./errors.ts";
export { Reactor, type ReactorOptions } from "./reactor.ts";
export { structuralEquals } from "./structural-equals.ts";
