import type { PhaseResult } from '../run/phase.ts';

/** A container of a service as it was seen from outside of the sandbox. */
export interface SeenService {
  name: string;
  /** `null` if it ran until the phase ended it. */
  exitCode: number | null;
  /** The end of what it printed, where somebody could read it. */
  output?: string;
  /** Why it ended, for people. */
  reason?: string;
}

/** Completes a result with what its runner could not see: how its services ended, and what they printed. */
export function withServices(result: PhaseResult, seen: readonly SeenService[]): PhaseResult {
  if (result.services === undefined) return result;
  const services = result.services.map((log) => {
    const found = seen.find(({ name }) => name === log.name);
    return found === undefined ? log : { ...log, exitCode: found.exitCode, output: found.output ?? log.output };
  });
  const { error } = result;
  const ended = seen.filter(({ exitCode, reason }) => exitCode !== null || reason !== undefined);
  if (error === undefined || ended.length === 0) return { ...result, services };
  const lines = ended.map(({ name, exitCode, reason }) =>
    `The service ${name} ended${exitCode === null ? '' : ` with ${exitCode}`}. ${reason ?? ''}`.trim(),
  );
  return { ...result, services, error: { ...error, message: [error.message, ...lines].join('\n').slice(0, 20_000) } };
}
