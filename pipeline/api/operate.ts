import { DrydockError } from '../../core/errors.ts';
import { personOfIam } from '../../core/policy/iam.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { resolveRun } from '../commands/resolve.ts';
import { submitTrusted } from '../commands/submit-merged.ts';
import type { Deps } from '../deps.ts';
import { createService, type Service } from '../service/service.ts';
import { type ApiAnswer, encodeError, encodeResult } from './answer.ts';
import { callService, decodeCall, type MethodName } from './calls.ts';

/** Whoever may call may see. */
const reading = [
  'run',
  'list',
  'gate',
  'gatesOf',
  'egress',
  'traffic',
  'audit',
  'evidence',
  'activity',
  'host',
  'diff',
  'paused',
  'budget',
] as const satisfies readonly MethodName[];
/** These take a person of the policy. */
const deciding = ['submit', 'retry', 'vote', 'cancel', 'pause'] as const satisfies readonly MethodName[];

/**
 * What a deployment answers, of the service's methods. Not among them: `needsPerson`, as nobody votes for others here;
 * `ended` and `idle`, which wait; `why`, which reads a work tree; `estimate`, which needs no deployment.
 */
const operated: readonly MethodName[] = [...reading, ...deciding];

/** Runs that one answer lists at most. */
const maxRuns = 100;
/** Lambda answers with 6 MB at most, and what it says it in counts too. */
const maxBytes = 5_500_000;

/** Who calls, as whoever authorized the call says. */
export interface Caller {
  /** Of IAM: a user's, or that of a role's session. */
  arn: string;
}

/**
 * Answers one call of somebody outside. Who asks is said by IAM, and the policy is the deployment's: what a call says of
 * either is not read. Errors are answers.
 * @param policy The deployment's.
 */
export async function operate(deps: Deps, policy: Policy, caller: Caller, body: string): Promise<ApiAnswer> {
  try {
    const person = personOfIam(policy, caller.arn);
    const call = decodeCall(body);
    // Which budgets there are stands in the policy, and the policy stays where it is.
    if (call.method === 'teams') return encodeResult(Object.keys(policy.budgets));
    if (person === undefined && deciding.some((method) => method === call.method)) throw stranger(caller);
    const answer = encodeResult(
      await callService(serviceOf(deps, policy), operated, call, (method, args) =>
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

/** The service, but that a spec has to lie where a push would have started it, in a repository that is listed today. */
function serviceOf(deps: Deps, policy: Policy): Service {
  const service = createService(deps, () => []);
  return {
    ...service,
    async retry(run, under, who) {
      const { repository } = await resolveRun(deps, run);
      if (Object.hasOwn(policy.repositories, repository)) return service.retry(run, under, who);
      throw new DrydockError('UnknownRepository', `The policy of the deployment lists ${repository} no longer.`, {
        remedy: 'Let the operator list it, and deploy.',
      });
    },
    submit: (request) => submitTrusted(deps, request),
  };
}

/** The same call with the person and the policy of the deployment, wherever a call has a place for one. */
function impose(method: MethodName, args: unknown[], person: string, policy: Policy): unknown[] {
  const [first, , third] = args;
  const object = typeof first === 'object' && first !== null ? first : {};
  switch (method) {
    case 'submit':
      return [{ ...object, policy, requester: person }];
    case 'vote':
      return [{ ...object, who: person }];
    case 'retry':
      return [first, policy, person];
    case 'cancel':
      return [first, person, third];
    case 'pause':
      return [first, person];
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
    `The policy of the deployment knows no person with ${arn}; you may look, not act.`,
    {
      remedy: `Let the operator put \`iam\` with that user or role under \`people\` in the policy, and deploy it.`,
    },
  );

const tooLarge = (method: string): DrydockError =>
  new DrydockError('LimitExceeded', `The answer to ${method} is larger than what a function may answer.`, {
    remedy: 'Ask for fewer runs; a large change is seen on its pull request.',
  });
