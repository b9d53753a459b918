import { type JsonLimits, parseJson } from '../../core/bounded-json.ts';
import { defined } from '../../core/defined.ts';
import { type PhaseResult, phaseResult } from '../../core/run/phase.ts';
import type { PhaseEnd } from '../../core/run/phase-end.ts';
import { type SeenService, withServices } from '../../core/services/logs.ts';

export type Failure = NonNullable<PhaseEnd['failure']>;

/** The end of a sandbox, as observed from outside. */
export interface SandboxEnd {
  enforcer: string;
  /** Why it was stopped from outside. */
  failure?: Failure;
  /** A limit that the kernel enforced inside; it explains a failure but does not cause one. */
  limit?: Failure;
  /** The failure if there is no result either, or if it crashed. */
  lost: Failure;
  /** Its first process did not end by itself after it had put the result. */
  crashed?: boolean;
  /** Containers of services, as seen from outside. */
  services?: readonly SeenService[];
}

/**
 * Decides the outcome of a phase. `failure` was observed from outside: the sandbox was stopped, the gateway reported a
 * failure (budget exhausted, recorded session diverged), or a limit explains why the result is `failed`. It takes
 * precedence over the result, which is kept as evidence.
 */
export function judge(seen: {
  ended: SandboxEnd;
  /** The first failure the gateway reported. */
  reported: Failure | undefined;
  /** `result.json` as put. */
  bytes: Uint8Array | undefined;
  phaseKey: string;
}): Pick<PhaseEnd, 'result' | 'failure'> {
  const { ended, reported, bytes, phaseKey } = seen;
  if (ended.failure?.name === 'Cancelled') return { failure: ended.failure };
  const read = bytes === undefined ? undefined : parseResult(bytes, phaseKey);
  const result = read !== undefined && 'result' in read ? withServices(read.result, ended.services ?? []) : undefined;
  const told = result?.limit === undefined ? undefined : { name: 'LimitExceeded', message: result.limit };
  const limit = result === undefined || result.outcome === 'failed' ? (told ?? ended.limit) : undefined;
  const invalid =
    read !== undefined && 'invalid' in read ? { name: 'ResultInvalid', message: read.invalid } : undefined;
  const lost = result === undefined || ended.crashed === true ? ended.lost : undefined;
  const failure = ended.failure ?? reported ?? limit ?? invalid ?? lost;
  return { ...defined({ result, failure }) };
}

/** A result has at most 200 commands of six fields, and a version for each top-level dependency. */
const resultLimits: JsonLimits = { depth: 8, values: 50_000 };

function parseResult(bytes: Uint8Array, phaseKey: string): { result: PhaseResult } | { invalid: string } {
  const json = parseJson(bytes, resultLimits);
  if ('invalid' in json) return { invalid: `result.json is invalid: ${json.invalid}` };
  const parsed = phaseResult.safeParse(json.value);
  if (!parsed.success) {
    return {
      invalid: parsed.error.issues
        .slice(0, 20)
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ')
        .slice(0, 2_000),
    };
  }
  return parsed.data.phaseKey === phaseKey ? { result: parsed.data } : { invalid: 'result.json is of another phase' };
}
