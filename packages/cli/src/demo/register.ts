/** `isthmus demo`, which `npm start` runs. */
import type { Command } from "commander";
import { CommandError, ExitCode } from "../exit-code.ts";

const MAX_ZONES = 50;

export function registerDemo(program: Command): void {
  program
    .command("demo")
    .description("a global and zones as real processes, with sample resources and proxies, and the sync live")
    .option("--zones <count>", "number of zones", "2")
    .option("--data <folder>", "where the processes keep their data", ".isthmus")
    .option("--port-offset <number>", "added to every port, for a second demo on one machine", "0")
    .option("--no-proxies", "neither services nor Envoys, also where there is an Envoy")
    .option("--once", "stop after the measurements instead of going on until Ctrl-C")
    .action(
      async (options: {
        readonly zones: string;
        readonly data: string;
        readonly portOffset: string;
        readonly once?: boolean;
        readonly proxies: boolean;
      }) => {
        const zones = Number(options.zones);
        if (!Number.isInteger(zones) || zones < 1 || zones > MAX_ZONES) {
          throw new CommandError(`--zones has to be a whole number from 1 to ${MAX_ZONES}`, ExitCode.usage);
        }
        const portOffset = Number(options.portOffset);
        if (!Number.isInteger(portOffset))
          throw new CommandError("--port-offset has to be a whole number", ExitCode.usage);
        const { runDemo } = await import("./demo.ts");
        await runDemo({
          zones,
          data: options.data,
          portOffset,
          once: options.once ?? false,
          hasProxies: options.proxies,
        });
        process.exit();
      },
    );
}
