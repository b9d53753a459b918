import { defined } from '../../core/defined.ts';
import { DrydockError, type ErrorName } from '../../core/errors.ts';
import { downloadHints } from '../../core/installation/downloads.ts';
import type { CommandResult, PhaseSpec } from '../../core/run/phase.ts';
import { notOnlyKnown, type TestReport } from '../../core/run/test-report.ts';
import { lastLines } from '../../core/text/last-lines.ts';
import type { BootConfig, EgressFacts } from '../boot.ts';
import { type InnerCommand, type Ran, runInner, shellScript } from './commands/inner.ts';
import { TestReader } from './commands/test-report.ts';
import { watchDirect } from './link/direct.ts';
import type { GatewayClient } from './link/gateway-client.ts';
import { addressHints } from './services/addresses.ts';
import type { Running } from './services/running.ts';
import type { TreeWatch } from './watch/watch.ts';
import { type Folders, freshFolders } from './workspace/folders.ts';
import type { OwnGit } from './workspace/git.ts';

/** Changes of a command that a result lists. */
const maxAltered = 20;

/** Bytes of one log event; longer output is split into several events. */
const logChunk = 7_000;

/** The state that all steps of a phase share. */
export interface Phase {
  readonly boot: BootConfig;
  readonly spec: PhaseSpec;
  readonly gateway: GatewayClient;
  readonly git: OwnGit;
  /** URL of the relay on the loopback interface, which forwards to the gateway. */
  readonly relay: string;
  /** What the gateway says about the ways out; asked for during the clone, before any command. */
  egress: EgressFacts;
  /** Value of `performance.now()` at which the time limit of the phase is reached. */
  readonly deadline: number;
  readonly commands: CommandResult[];
  readonly versions: Record<string, string>;
  readonly timings: Record<string, number>;
  /** Number of commands that were started. */
  started: number;
  /** Folders of the last command. */
  folders: Folders;
  /** What may be why a command fails: of the installation, for its message. */
  hints: readonly string[];
  /** Services of this phase that were started. */
  readonly services: Running[];
  /** In Verify: its commands may not change the tree. */
  watch?: TreeWatch;
}

/**
 * Runs one step: measures it and reports its start and its end.
 * @param passed Whether a step that returned is shown as passed.
 */
export async function step<T>(
  phase: Phase,
  name: string,
  work: () => Promise<T>,
  passed: (value: T) => boolean = () => true,
): Promise<T> {
  return measured(phase, name, work, passed);
}

async function measured<T>(
  phase: Phase,
  name: string,
  work: () => Promise<T>,
  passed: (value: T) => boolean,
): Promise<T> {
  const start = performance.now();
  let status: 'passed' | 'failed' = 'failed';
  phase.gateway.emit({ type: 'step', name, status: 'started' });
  try {
    const value = await work();
    if (passed(value)) status = 'passed';
    return value;
  } finally {
    // The gateway refuses a result while a step has not ended.
    const ms = Math.round(performance.now() - start);
    phase.timings[name] = (phase.timings[name] ?? 0) + ms;
    phase.gateway.emit({ type: 'step', name, status, ms });
  }
}

interface Inside extends Ran {
  /** What the command changed and may not change, for people. */
  altered: string[];
}

/**
 * Runs a program in the inner layer, within the remaining time; its output is reported as log events. Its home, `/tmp`
 * and `$DRYDOCK_OUT` are new: no command leaves configuration or programs there for the next one.
 * @param files Files of its home.
 */
export async function inside(
  phase: Phase,
  source: string,
  command: Omit<InnerCommand, 'timeoutMs'> & {
    quietStdout?: boolean;
    /** Called with its new folders, before it starts. */
    onReady?(folders: Folders): void;
  },
  files: Readonly<Record<string, string>> = {},
): Promise<Inside> {
  phase.git.distrust();
  phase.folders = await own(phase, 'fresh folders', async () => {
    await phase.watch?.restoreRepository();
    phase.started += 1;
    return freshFolders(phase.boot, phase.started, phase.relay, files);
  });
  const left = phase.deadline - performance.now();
  if (left <= 0) throw new DrydockError('PhaseTimedOut', `the time limit of the phase is reached before ${source}`);
  command.onReady?.(phase.folders);
  const direct = phase.boot.isolation === 'none' ? undefined : watchDirect();
  const ran = await runInner(phase.boot, phase.folders, {
    ...command,
    timeoutMs: left,
    onOutput(chunk, stream) {
      command.onOutput?.(chunk, stream);
      if (command.quietStdout === true && stream === 'stdout') return;
      const text = chunk.toString('utf8').replaceAll(phase.boot.agentSecret, '[redacted]');
      for (let at = 0; at < text.length; at += logChunk) {
        phase.gateway.emit({ type: 'log', source, text: text.slice(at, at + logChunk) });
      }
    },
  });
  const attempts = direct?.();
  if (attempts !== undefined && attempts.connections + attempts.lookups > 0) await phase.gateway.direct(attempts);
  const altered = await own(phase, 'compare tree', () => alteredBy(phase));
  return { ...ran, altered };
}

/** What was changed in the tree, and may not be changed, since it was looked at last. */
export async function alteredBy({ watch }: Pick<Phase, 'watch'>): Promise<string[]> {
  try {
    return (await watch?.altered()) ?? [];
  } catch (error) {
    if (error instanceof DrydockError && error.name === 'ResultInvalid') return [`left what ${error.message}`];
    throw error;
  }
}

/** Measures what the runner adds to commands. */
async function own<T>(phase: Phase, name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const value = await work();
  phase.timings[name] = Math.round(((phase.timings[name] ?? 0) + performance.now() - start) * 10) / 10;
  return value;
}

/** @throws VerifyFailed if a command changed what it may not change. */
export function refuseAltered(name: string, { altered }: { altered: readonly string[] }): void {
  if (altered.length === 0) return;
  const more = altered.length > maxAltered ? [`and ${altered.length - maxAltered} more`] : [];
  throw new DrydockError('VerifyFailed', `${name} ${[...altered.slice(0, maxAltered), ...more].join(', ')}`);
}

/**
 * Runs a command as a step and records its result as evidence. It does not throw if the command fails.
 * @param command What people read in place of `argv`.
 */
export const recorded = (
  phase: Phase,
  name: string,
  command: string,
  argv: readonly string[],
  env: Record<string, string>,
  { onOutput, rewrites }: { onOutput?: InnerCommand['onOutput']; rewrites?: RegExp } = {},
): Promise<CommandResult> =>
  measured(
    phase,
    name,
    async () => {
      const { altered: all, ...ran } = await inside(phase, name, { argv, env, ...defined({ onOutput }) });
      const altered = rewrites === undefined ? all : ((await phase.watch?.putBack(all, rewrites)) ?? all);
      const changed = altered.length === 0 ? {} : { altered: altered.slice(0, maxAltered) };
      const result: CommandResult = { name, command, ...ran, ...changed };
      phase.commands.push(result);
      refuseAltered(name, { altered });
      return result;
    },
    (result) => result.exitCode === 0,
  );

/** Runs a shell command of the spec as {@link recorded} does. */
export const shell = (
  phase: Phase,
  name: string,
  command: string,
  env: Record<string, string>,
): Promise<CommandResult> => recorded(phase, name, command, [shellScript, '-c', command], env);

/**
 * Runs a test command as {@link shell} does and records what its summaries say, and whether known failures explain that
 * it failed.
 * @param baseTotal Number of tests at the base, by the report of this command; undefined if it is not known.
 */
export async function tests(
  phase: Phase,
  name: string,
  env: Record<string, string>,
  baseTotal: (report: TestReport | undefined) => number | undefined,
): Promise<CommandResult & { passed: boolean }> {
  const { testCommand } = phase.spec.sandbox;
  const reader = new TestReader();
  const argv = [shellScript, '-c', testCommand];
  const onOutput: InnerCommand['onOutput'] = (chunk, stream) => reader.push(chunk, stream);
  const result = await recorded(phase, name, testCommand, argv, env, { onOutput });
  const report = reader.report();
  Object.assign(result, defined({ tests: report }));
  const { knownFailures } = phase.spec;
  if (result.exitCode === 0 || knownFailures.length === 0) return { ...result, passed: result.exitCode === 0 };
  const why = notOnlyKnown(result, knownFailures, baseTotal(report));
  result.knownFailures = why === undefined ? 'only known failures' : `known_failures do not apply: ${why}`;
  return { ...result, passed: why === undefined };
}

/** Like {@link shell}, but throws `error` if the command does not exit with 0. */
export const mustPass = (
  phase: Phase,
  name: string,
  command: string,
  env: Record<string, string>,
  error: ErrorName,
): Promise<void> => mustPassIn(phase, { name, folder: '', rewrites: undefined }, command, env, error);

/** Like {@link mustPass}, in a folder of the work tree; files that match `rewrites` are put back. */
export async function mustPassIn(
  phase: Phase,
  { name, folder, rewrites }: { name: string; folder: string; rewrites: RegExp | undefined },
  command: string,
  env: Record<string, string>,
  error: ErrorName,
): Promise<void> {
  const argv =
    folder === ''
      ? [shellScript, '-c', command]
      : [shellScript, '-c', `cd -- "$1" && shift && ${command}`, 'sh', folder];
  return mustPassAs(phase, { name, command, argv, rewrites }, env, error);
}

/** Like {@link mustPass}, for a program that runs the command in a way of its own. */
export async function mustPassAs(
  phase: Phase,
  {
    name,
    command,
    argv,
    rewrites,
  }: { name: string; command: string; argv: readonly string[]; rewrites?: RegExp | undefined },
  env: Record<string, string>,
  error: ErrorName,
): Promise<void> {
  const result = await recorded(phase, name, command, argv, env, defined({ rewrites }));
  if (result.timedOut)
    throw new DrydockError('PhaseTimedOut', `${name} reached the time limit of the phase: ${command}`);
  if (result.exitCode === 0) return;
  const more = error === 'InstallFailed' ? downloadHints(result.output) : [];
  throw new DrydockError(error, [withHints(phase, describe(result)), ...more].join('\n'));
}

/** Adds to the message of a command that failed what may be why: that nothing was installed, a service that is gone, an empty folder. */
export const withHints = ({ hints, services, spec }: Phase, message: string): string =>
  [
    message,
    ...hints,
    ...(spec.missingSubmodules === undefined
      ? []
      : [`Folders of submodules are empty: ${spec.missingSubmodules.join(', ')}.`]),
    ...services.flatMap(({ name, ended }) =>
      ended === undefined ? [] : [`The service ${name} ended with ${ended.code ?? 'a signal'}.`],
    ),
    ...addressHints(spec.sandbox.services ?? {}),
  ].join('\n');

export const describe = ({ name, exitCode, command, knownFailures, output }: CommandResult): string =>
  [
    `${name} exited with ${exitCode ?? 'a signal'}: ${command}`,
    ...(knownFailures ? [knownFailures] : []),
    lastLines(output),
  ]
    .join('\n')
    .trim();
