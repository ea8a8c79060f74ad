export { type ConfigProblem, formatProblems, leafPaths, loadConfig, variablesOf } from "./config/load.ts";
export { type Config, configSchema } from "./config/schema.ts";
export { DiagnosticsServer } from "./diagnostics-server.ts";
export { createLogger, type Logger } from "./log.ts";
export { Metrics } from "./metrics.ts";
export { type Program, type ProgramArguments, type ProgramFactory, runProgram } from "./run-program.ts";
