import { DrydockError, type ErrorName } from '../../core/errors.ts';
import type { CommandResult, PhaseSpec } from '../../core/run/phase.ts';
import type { BootConfig } from '../boot.ts';
import { type InnerCommand, type Ran, runInner, shellScript } from './commands/inner.ts';
import type { GatewayClient } from './link/gateway-client.ts';
import type { OwnGit } from './workspace/git.ts';

/** Bytes of one log event; a command that prints more sends more of them. */
const logChunk = 7_000;

/** Everything the steps of one phase share, and what they find out. */
export interface Phase {
  readonly boot: BootConfig;
  readonly spec: PhaseSpec;
  readonly gateway: GatewayClient;
  readonly git: OwnGit;
  /** Loopback address of the gateway inside. */
  readonly relay: string;
  /** `performance.now()` at which the phase has used up its time. */
  readonly deadline: number;
  readonly commands: CommandResult[];
  readonly versions: Record<string, string>;
  readonly timings: Record<string, number>;
}

/** Runs one step: timed, reported as started and as passed or failed. */
export async function step<T>(phase: Phase, name: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  phase.gateway.emit({ type: 'step', name, status: 'started' });
  try {
    const value = await work();
    finish('passed');
    return value;
  } catch (error) {
    finish('failed');
    throw error;
  }
  function finish(status: 'passed' | 'failed'): void {
    const ms = Math.round(performance.now() - start);
    phase.timings[name] = (phase.timings[name] ?? 0) + ms;
    phase.gateway.emit({ type: 'step', name, status, ms });
  }
}

/** Runs a program in the inner layer within the time that is left; its output goes out as log events. */
export function inside(
  phase: Phase,
  source: string,
  command: Omit<InnerCommand, 'timeoutMs' | 'onOutput'>,
): Promise<Ran> {
  const left = phase.deadline - performance.now();
  if (left <= 0) throw new DrydockError('PhaseTimedOut', `no time left for ${source}`);
  return runInner(phase.boot, {
    ...command,
    timeoutMs: left,
    onOutput(chunk) {
      const text = chunk.toString('utf8').replaceAll(phase.boot.agentSecret, '[redacted]');
      for (let at = 0; at < text.length; at += logChunk) {
        phase.gateway.emit({ type: 'log', source, text: text.slice(at, at + logChunk) });
      }
    },
  });
}

/** Runs a shell command of the spec as a step, and keeps its result as evidence. Never throws for how it ends. */
export async function shell(
  phase: Phase,
  name: string,
  command: string,
  env: Record<string, string>,
): Promise<CommandResult> {
  phase.gateway.emit({ type: 'step', name, status: 'started' });
  const ran = await inside(phase, name, { argv: [shellScript, '-c', command], env });
  const result: CommandResult = {
    name,
    command,
    exitCode: ran.exitCode,
    timedOut: ran.timedOut,
    ms: ran.ms,
    output: ran.output,
  };
  phase.commands.push(result);
  phase.timings[name] = (phase.timings[name] ?? 0) + ran.ms;
  phase.gateway.emit({ type: 'step', name, status: ran.exitCode === 0 ? 'passed' : 'failed', ms: ran.ms });
  return result;
}

/** Like {@link shell}; a command that does not exit with 0 ends the phase with `error`. */
export async function mustPass(
  phase: Phase,
  name: string,
  command: string,
  env: Record<string, string>,
  error: ErrorName,
): Promise<void> {
  const result = await shell(phase, name, command, env);
  if (result.timedOut) throw new DrydockError('PhaseTimedOut', `${name} used up the time of the phase: ${command}`);
  if (result.exitCode !== 0) throw new DrydockError(error, describe(result));
}

export const describe = (result: CommandResult): string =>
  `${result.name} exited with ${result.exitCode ?? 'a signal'}: ${result.command}\n${result.output.slice(-2_000)}`.trim();
