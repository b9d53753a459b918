/** Grants that no scenario makes use of, each with the reason it is there all the same. */
import { functionNames } from '../../../lib/names.ts';
import { grantsOf } from './deployed.ts';

interface Explained {
  action: RegExp;
  functions: RegExp;
  because: string;
}

const gates = /^(plan-gate|checkpoint-gate|ask-human|await-ci|review-gate|queue)$/;
const phases = /^(plan|build|verify)$/;
const stopping = /^(claim|settle|settle-run|reconcile|webhook-worker)$/;
const explained: Explained[] = [
  { action: /^logs:/, functions: /./, because: 'Lambda writes the log in the name of the function.' },
  { action: /^xray:/, functions: /./, because: 'Lambda writes the trace in the name of the function.' },
  {
    action: /^ses:SendEmail$/,
    functions: /./,
    because: 'Mail, where the policy has a sender: test/aws/scenario/told.test.ts.',
  },
  {
    action: /^sqs:SendMessage$/,
    functions: /^settle-/,
    because: 'Lambda puts events there that the function failed on for good.',
  },
  { action: /^sqs:/, functions: /^webhook-worker$/, because: 'Lambda reads the queue in the name of the function.' },
  { action: /^s3:ListBucket$/, functions: /./, because: 'Without it S3 answers 403, not 404, for what is not there.' },
  {
    action: /^iam:PassRole$/,
    functions: /^(plan|build|verify|reconcile)$/,
    because: 'ECS asks for it where the task definition has roles.',
  },
  {
    action: /^states:SendTask(Success|Failure)$/,
    functions: gates,
    because: 'A gate that was decided before a retried state opens it again is answered at once.',
  },
  {
    action: /^dynamodb:(UpdateItem|Query)$/,
    functions: gates,
    because: 'A gate that a retried state opens again gets its newest token, and votes are counted.',
  },
  { action: /^dynamodb:DeleteItem$/, functions: /^queue$/, because: 'A place in the queue that came free meanwhile.' },
  {
    action: /^s3:PutObject$/,
    functions: /^(publish|await-ci|review-gate)$/,
    because:
      'A change merged with a target that moved; a check that was red before its wait; changes asked for meanwhile.',
  },
  {
    action: /^(ecs:(StopTask|ListTasks)|dynamodb:(Query|UpdateItem)|kms:(Decrypt|Encrypt))$/,
    functions: phases,
    because: 'A phase that is launched again: what ran is stopped, what was minted is used, its newest token is kept.',
  },
  {
    action: /^states:SendTask(Success|Failure)$/,
    functions: /^verify$/,
    because: 'A change that the guard refuses is answered without a sandbox.',
  },
  {
    action: /^(states:SendTask(Success|Failure)|ecs:\w+|dynamodb:(GetItem|UpdateItem)|kms:(Decrypt|Encrypt))$/,
    functions: stopping,
    because: 'What is superseded, cancelled or ended has a gate answered and a phase stopped where it is in one.',
  },
  {
    action: /^(ecs:RunTask|states:StartExecution)$/,
    functions: /^reconcile$/,
    because: 'A phase that was lost before its tasks were there, a run before its execution: started again.',
  },
  {
    action: /^kms:(Encrypt|Decrypt)$/,
    functions: /^(reserve|queue|deliver|settle-phase)$/,
    because: 'Where the token that the run has is about to expire, another is minted, or the other way round.',
  },
  {
    action: /^sqs:SendMessage$/,
    functions: /^(reserve|queue|await-ci|deliver|settle)$/,
    because: 'People are told, where the policy has channels: test/aws/scenario/told.test.ts.',
  },
  {
    action: /^dynamodb:(DeleteItem|BatchGetItem)$/,
    functions: /^webhook-worker$/,
    because: 'The outbox, where the policy has channels: test/aws/scenario/told.test.ts.',
  },
  {
    action: /./,
    functions: /^(operate|diagnose|setup|pages|rotate)$/,
    because:
      'Called by people and by Secrets Manager: test/aws/{operate-cli,diagnose,setup,pages,rotation-world}.test.ts.',
  },
  {
    action: /./,
    functions: /^(dispatch|integrate)$/,
    because:
      'Called in campaigns alone: test/aws/scenario/campaign.test.ts, which checks every call against the roles.',
  },
  { action: /./, functions: /^broker$/, because: 'Called by gateways alone: test/aws/services/broker.test.ts.' },
];

/** `function action` of each grant that nothing in `called` used and nothing explains; explanations that explain nothing. */
export function unused(called: ReadonlySet<string>): { grants: string[]; explanations: string[] } {
  const idle = functionNames.flatMap((name) => {
    const actions = grantsOf(name).flatMap(({ effect, actions, conditions }) =>
      // The stores use the key in the caller's name.
      effect === 'Allow' && !JSON.stringify(conditions ?? {}).includes('kms:ViaService') ? actions : [],
    );
    return [...new Set(actions)]
      .filter((action) => !called.has(`${name} ${action}`))
      .map((action) => ({ name, action }));
  });
  const fits = (row: Explained, { name, action }: (typeof idle)[number]): boolean =>
    row.action.test(action) && row.functions.test(name);
  return {
    grants: idle
      .filter((grant) => !explained.some((row) => fits(row, grant)))
      .map(({ name, action }) => `${name} ${action}`),
    explanations: explained.filter((row) => !idle.some((grant) => fits(row, grant))).map(({ because }) => because),
  };
}
