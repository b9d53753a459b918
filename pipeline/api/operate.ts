import { DrydockError } from '../../core/errors.ts';
import { personOfIam } from '../../core/policy/iam.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { readScope } from '../../core/review/readers.ts';
import { recordRefusal } from '../audit/record-act.ts';
import { resolveRun } from '../commands/resolve.ts';
import { submitTrusted } from '../commands/submit-merged.ts';
import type { Deps } from '../deps.ts';
import { createService, type Service } from '../service/service.ts';
import { type ApiAnswer, encodeError, encodeResult } from './answer.ts';
import { callService, decodeCall, type MethodName } from './calls.ts';

/** Read-only methods: any authorized caller. */
const reading = [
  'run',
  'list',
  'page',
  'inbox',
  'detail',
  'change',
  'unfinished',
  'gate',
  'gatesOf',
  'egress',
  'traffic',
  'audit',
  'auditLines',
  'verifyAudit',
  'evidence',
  'activity',
  'host',
  'diff',
  'paused',
  'pausedBy',
  'budget',
  'runbookUses',
  'lessonStats',
] as const satisfies readonly MethodName[];
/** Methods that require a person of the policy. */
const deciding = [
  'submit',
  'draft',
  'split',
  'retry',
  'vote',
  'cancel',
  'tell',
  'pause',
] as const satisfies readonly MethodName[];

/**
 * The methods that a deployment serves. Not served: `needsPerson`, because `--yes` does not exist there; `ended` and
 * `idle`, which wait; `why`, which reads a work tree; `estimate`, which needs no deployment; `propose` and `memory`, for which a person has a clone.
 */
const operated: readonly MethodName[] = [...reading, ...deciding];

/** Maximum number of runs in one answer. */
const maxRuns = 100;
/** Bytes. A Lambda response may have 6 MB, including its envelope. */
const maxBytes = 5_500_000;

/** The caller, as authenticated by IAM. */
export interface Caller {
  /** ARN of a user or of a role session. */
  arn: string;
}

/**
 * Answers one call to a deployment. IAM identifies the person, and the policy is that of the deployment: a call cannot
 * set either. Errors with a name become answers.
 * @param policy Policy of the deployment.
 */
export async function operate(deps: Deps, policy: Policy, caller: Caller, body: string): Promise<ApiAnswer> {
  try {
    const person = personOfIam(policy, caller.arn);
    const call = decodeCall(body);
    // The names of the teams are in the policy, which the caller does not have.
    if (call.method === 'teams') return encodeResult(teamsFor(policy, person));
    if (call.method === 'person') return encodeResult(person ?? null);
    if (person === undefined && deciding.some((method) => method === call.method)) {
      const refused = stranger(caller);
      const act = { type: 'call-refused', text: `${call.method}: ${refused.message}`, who: caller.arn };
      await recordRefusal(deps, undefined, { ...act, channel: 'api' });
      throw refused;
    }
    const answer = encodeResult(
      await callService(serviceOf(deps, policy, person), operated, call, (method, args) =>
        impose(method, args, person ?? '', policy),
      ),
    );
    if (Buffer.byteLength(answer.text) > maxBytes) throw tooLarge(call.method);
    return answer;
  } catch (error) {
    if (error instanceof DrydockError) return encodeError(error);
    throw error;
  }
}

const teamsFor = (policy: Policy, person: string | undefined): string[] => {
  const scope = person === undefined ? undefined : readScope(policy, person);
  return Object.keys(policy.budgets).filter((team) => scope === undefined || scope.teams.includes(team));
};

/** The service, restricted to specs on a trusted branch and to repositories that the policy lists. */
function serviceOf(deps: Deps, policy: Policy, person: string | undefined): Service {
  const scope = person === undefined ? undefined : readScope(policy, person);
  const service = createService(deps, () => [], scope, 'api');
  return {
    ...service,
    async retry(run, current, requester) {
      const { repository } = await resolveRun(deps, run, scope);
      if (Object.hasOwn(policy.repositories, repository)) return service.retry(run, current, requester);
      throw new DrydockError('UnknownRepository', `The policy of the deployment no longer lists ${repository}.`, {
        remedy: 'Ask the operator to list it, and to deploy the policy.',
      });
    },
    submit: (request) => submitTrusted(deps, request),
  };
}

/** The arguments of a call, with person and policy replaced by those of the deployment. */
function impose(method: MethodName, args: unknown[], person: string, policy: Policy): unknown[] {
  const [first] = args;
  const object = typeof first === 'object' && first !== null ? first : {};
  switch (method) {
    case 'submit':
    case 'draft':
    case 'split':
      return [{ ...object, policy, requester: person }];
    case 'vote':
      return [{ ...object, who: person }];
    case 'retry':
      return [first, policy, person];
    case 'cancel':
    case 'tell':
      return [first, person, ...args.slice(2)];
    case 'pause':
      return [first, person, policy, ...args.slice(3)];
    case 'budget':
      return [first, policy];
    case 'list':
      return [Math.min(typeof first === 'number' ? first : maxRuns, maxRuns)];
    default:
      return args;
  }
}

const stranger = ({ arn }: Caller): DrydockError =>
  new DrydockError(
    'PersonUnknown',
    `The policy of the deployment does not list a person with ${arn}; you may read, but not act.`,
    {
      remedy: `Ask the operator to add \`iam\` with that user or role under \`people\` in the policy, and to deploy it.`,
    },
  );

const tooLarge = (method: string): DrydockError =>
  new DrydockError('LimitExceeded', `The answer to ${method} is larger than the limit of a function.`, {
    remedy: 'Ask for fewer runs; see a large change on its pull request.',
  });
