import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsError } from '../../../adapters/aws/errors.ts';
import { createStepFunctions } from '../../../adapters/aws/executions.ts';
import { createEngineExecutions } from '../../../adapters/local/executions.ts';
import type { Executions } from '../../../core/ports/runtime/executions.ts';
import type { StateMachine } from '../../../engine/asl/types.ts';
import { Engine } from '../../../engine/engine.ts';
import { on } from '../../support/aws/faults.ts';
import { stepFunctions } from '../../support/aws/step-functions.ts';
import { actions, awsForTests, sdkTries, thrownBy } from './aws-fixture.ts';

const machine = 'arn:aws:states:us-east-1:123456789012:stateMachine:drydock';
const step = {
  Type: 'Task' as const,
  Resource: 'arn:aws:states:::lambda:invoke',
  TimeoutSeconds: 60,
  Output: '{% $states.input %}',
};
const definition: StateMachine = {
  QueryLanguage: 'JSONata',
  StartAt: 'First',
  States: {
    First: {
      ...step,
      Arguments: { FunctionName: 'flaky', Payload: {} },
      Retry: [
        { ErrorEquals: ['Flaky'], IntervalSeconds: 1, MaxAttempts: 2, MaxDelaySeconds: 1, JitterStrategy: 'FULL' },
      ],
      Next: 'Wait',
    },
    Wait: {
      ...step,
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: 'wait', Payload: { token: '{% $states.context.Task.Token %}' } },
      Output: '{% $states.result %}',
      Catch: [{ ErrorEquals: ['Cancelled'], Next: 'Last' }],
      Next: 'Last',
    },
    Last: { ...step, Arguments: { FunctionName: 'last', Payload: {} }, End: true },
  },
};

let engine: Engine;
const tokens = new Map<string, PromiseWithResolvers<string>>();
const tokenOf = (name: string): PromiseWithResolvers<string> => {
  const known = tokens.get(name) ?? Promise.withResolvers<string>();
  tokens.set(name, known);
  return known;
};
const flaked = new Set<string>();
const aws = awsForTests(() => stepFunctions(() => engine, machine));

beforeAll(() => {
  engine = Engine.open({
    file: ':memory:',
    name: 'drydock',
    definition,
    random: () => 0,
    async invoke(name, payload, { execution }) {
      if (name === 'flaky' && !flaked.has(execution)) {
        flaked.add(execution);
        throw Object.assign(new Error('once'), { name: 'Flaky' });
      }
      if (name === 'wait') tokenOf(execution).resolve((payload as { token: string }).token);
      return {};
    },
  });
});
afterAll(() => engine.close());

let run: string;
let runs = 0;
beforeEach(() => {
  run = `r-${++runs}`;
});
const onAws = (): Executions => createStepFunctions(new SFNClient({}), machine);

describe.each([
  ['the embedded engine', () => createEngineExecutions(engine, true)],
  ['Step Functions', onAws],
])('executions on %s', (_, open) => {
  it('R11 are started once per name, however often and by however many, also after their end', async () => {
    const started = await Promise.all(Array.from({ length: 5 }, () => open().start(run, { runId: run })));
    expect(started.sort()).toEqual(['exists', 'exists', 'exists', 'exists', 'started']);
    await open().succeed(await tokenOf(run).promise, {});
    await open().done(run);
    expect(await open().start(run, { runId: run })).toBe('exists');
  });

  it('wait for their token, and take one answer', async () => {
    await open().start(run, { runId: run });
    const token = await tokenOf(run).promise;
    expect(await open().succeed(token, { outcome: 'approved' })).toBe(true);
    expect(await open().succeed(token, { outcome: 'approved' })).toBe(false);
    expect(await open().fail(token, 'Cancelled', 'late')).toBe(false);
    await open().done(run);
    expect(engine.describe(run)).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'approved' } });
  });

  it('fail a state by the name it catches, with a cause of any length', async () => {
    await open().start(run, { runId: run });
    expect(await open().fail(await tokenOf(run).promise, 'Cancelled', 'é'.repeat(40_000))).toBe(true);
    await open().done(run);
    expect(engine.history(run).find(({ state }) => state === 'Wait')?.error).toBe('Cancelled');
  });

  it('tell of a token of nobody', async () => {
    expect(await open().succeed('r-none.1.1.x', {})).toBe(false);
    expect(await open().fail('nonsense', 'Cancelled', '')).toBe(false);
  });

  it('tell where they are, counting states and retries; nothing of those that never were', async () => {
    expect(await open().describe(run)).toBeUndefined();
    await open().done(run);
    await open().start(run, { runId: run });
    const token = await tokenOf(run).promise;
    // First and its retry, then Wait.
    expect(await open().describe(run)).toEqual({ running: true, transitions: 3, state: 'Wait' });
    await open().succeed(token, {});
    await open().done(run);
    expect(await open().describe(run)).toMatchObject({ running: false, transitions: 4 });
  });
});

describe('executions on Step Functions, when AWS fails', () => {
  it.each(['cut', 'lost', 'throttled', 'broken'] as const)('start once where the first try was %s', async (fault) => {
    aws().faults.push({ match: on('states:StartExecution'), do: fault });
    expect(await onAws().start(run, { runId: run })).toBe('started');
    expect(actions(aws())).toEqual(['states:StartExecution', 'states:StartExecution']);
    expect(engine.describe(run)?.status).toBe('RUNNING');
    await onAws().succeed(await tokenOf(run).promise, {});
  });

  it('take an answer whose own answer was lost, once', async () => {
    await onAws().start(run, { runId: run });
    aws().faults.push({ match: on('states:SendTaskSuccess'), do: 'lost' });
    // The second try finds nobody waiting: it was answered.
    expect(await onAws().succeed(await tokenOf(run).promise, { n: 1 })).toBe(false);
    await onAws().done(run);
    expect(engine.describe(run)?.output).toEqual({ n: 1 });
  });

  it('leave a token open where AWS stays away, and say so by a name that is tried again', async () => {
    await onAws().start(run, { runId: run });
    const token = await tokenOf(run).promise;
    aws().faults.push({ match: on('states:SendTaskSuccess'), times: sdkTries, do: 'throttled' });
    expect(awsError(await thrownBy(onAws().succeed(token, {})))).toMatchObject({ name: 'Conflict' });
    expect(await onAws().succeed(token, {})).toBe(true);
  });

  it('of another machine are none of these', async () => {
    const other = createStepFunctions(new SFNClient({}), machine.replace('drydock', 'other'));
    expect(awsError(await thrownBy(other.start(run, { runId: run })))).toMatchObject({ name: 'ServiceRefused' });
  });
});
