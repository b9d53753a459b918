import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Ends a script that was called with invalid arguments, as the command line ends: with 2, and without a stack. */
export function usage(fault: string, help: string): never {
  process.stderr.write(`UsageError: ${fault}\n${help}\n`);
  process.exit(2);
}

/** The arguments of a script; `--help` prints its help. */
export function parsedArgs<const T extends ParseArgsConfig>(help: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${help}\n`);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error), help);
  }
}
