/**
 * `isthmus global` and `isthmus zone`: the two services, each one foreground process. They are loaded when they are run: other
 * commands start in half the time without them.
 */
import type { ProgramArguments } from "@isthmus/runtime";
import type { Command } from "commander";

interface CommonOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly logLevel?: string;
  readonly data?: string;
}

interface ZoneOptions extends CommonOptions {
  readonly name?: string;
  readonly global?: string;
  readonly ca?: string;
}

export function registerPrograms(program: Command): void {
  common(program.command("global"))
    .description("run a global: zones connect to it")
    .action(async (options: CommonOptions) => {
      const { runGlobal } = await import("../global-service.ts");
      process.exitCode = await runGlobal(argumentsOf(options));
      process.exit();
    });

  common(program.command("zone"))
    .description("run a zone, alone or joined to a global")
    .option("--name <zone>", "multizone.zone.name")
    .option("--global <url>", "multizone.zone.globalAddress, such as grpcs://127.0.0.1:5685")
    .option("--ca <file>", "multizone.zone.kds.rootCaFile: certificate that the global has to show")
    .action(async (options: ZoneOptions) => {
      const own = {
        "multizone.zone.name": options.name,
        "multizone.zone.globalAddress": options.global,
        "multizone.zone.kds.rootCaFile": options.ca,
      };
      const { runZone } = await import("../zone-service.ts");
      process.exitCode = await runZone(argumentsOf(options, own));
      process.exit();
    });
}

function common(command: Command): Command {
  return command
    .option("-c, --config <file>", "YAML file with settings")
    .option("--set <path=value...>", "a setting, such as apiServer.http.port=6681", [])
    .option("--data <folder>", "general.workDir: certificates and data")
    .option("--log-level <level>", "log.level: debug, info, warn, error or off");
}

/** Named options are shorthand for settings; an explicit --set wins over them. */
function argumentsOf(options: CommonOptions, own: Readonly<Record<string, string | undefined>> = {}): ProgramArguments {
  const named = { ...own, "general.workDir": options.data, "log.level": options.logLevel };
  const settings = Object.entries(named).flatMap(([path, value]) => (value === undefined ? [] : [`${path}=${value}`]));
  return {
    ...(options.config !== undefined && { configFile: options.config }),
    settings: [...settings, ...options.set],
  };
}
