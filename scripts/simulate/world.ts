/** The deployment in simulated time: the real steps, stores, launcher and reconciler; what is around them is simulated. */
import { createS3Artifacts } from '../../adapters/aws/artifacts.ts';
import { createAdmission } from '../../adapters/aws/dynamo/admission.ts';
import { createBaselines } from '../../adapters/aws/dynamo/baselines.ts';
import { createCursor } from '../../adapters/aws/dynamo/cursors.ts';
import { createFirings } from '../../adapters/aws/dynamo/firings.ts';
import { createGates } from '../../adapters/aws/dynamo/gates.ts';
import { createLedger } from '../../adapters/aws/dynamo/ledger.ts';
import { createPhases } from '../../adapters/aws/dynamo/phases.ts';
import { createRunLinks } from '../../adapters/aws/dynamo/run-links.ts';
import { createRuns } from '../../adapters/aws/dynamo/runs.ts';
import { createSeenSpecs } from '../../adapters/aws/dynamo/seen-specs.ts';
import { withDrydockErrors } from '../../adapters/aws/errors.ts';
import { createStepFunctions } from '../../adapters/aws/executions.ts';
import { createFargateLauncher } from '../../adapters/aws/phases/launcher.ts';
import { readStopped } from '../../adapters/aws/phases/stopped.ts';
import { createPhaseStore } from '../../adapters/aws/phases/store.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { Gate } from '../../core/run/gate.ts';
import { Engine } from '../../engine/engine.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { endPhase } from '../../pipeline/phases/end-phase.ts';
import { endRun } from '../../pipeline/reconcile/end-run.ts';
import { checkCi, repair } from '../../pipeline/reconcile/reconcile.ts';
import { survey } from '../../pipeline/reconcile/survey.ts';
import { steps } from '../../pipeline/steps/index.ts';
import { taskMachine } from '../../pipeline/task.machine.ts';
import { createRepositorySweeps } from '../../pipeline/webhooks/repository-sweeps.ts';
import { startDynamo, testTables } from '../../test/support/dynamo.ts';
import { SimulatedClock } from './clock.ts';
import { type Draws, SimulatedEcs } from './fleet.ts';
import { SimulatedGitHub } from './host.ts';
import { judge } from './judge.ts';
import { readLimits } from './limits.ts';
import { Meter } from './meter.ts';
import { answerLater, type HumanDraws } from './people.ts';
import type { Random } from './random.ts';
import { meterDynamo, region, SimulatedS3, SimulatedStepFunctions } from './services.ts';

const machine = `arn:aws:states:${region}:123456789012:stateMachine:drydock`;
const passMs = 5 * 60_000;
/** As the function: nothing is begun after it. */
const workMs = 200_000;
/** Median seconds of a function. */
const functionSeconds = 1.2;

export interface WorldOptions {
  start: number;
  random: Random;
  draws: Draws & HumanDraws;
  policy: Policy;
  /** So many runs lose the token that their state waits for, which nothing can repair. */
  damaged: number;
  /** Runs of the reconciler; without them, nothing is repaired. */
  reconciles: boolean;
}

export type World = Awaited<ReturnType<typeof createSimulatedWorld>>;

export async function createSimulatedWorld({ start, random, draws, policy, damaged, reconciles }: WorldOptions) {
  const clock = new SimulatedClock(start);
  const meter = new Meter(readLimits(), clock.now);
  const dynamo = await startDynamo(':memory:');
  meterDynamo(dynamo.client, meter, clock);
  const s3 = new SimulatedS3(meter, clock.now);
  const store = createPhaseStore(s3, 'artifacts');
  const github = new SimulatedGitHub(meter, clock.now);
  const lambda = { seconds: 0 };
  /** Since when a run waits for something that was lost. */
  const lostSince = new Map<string, number>();
  const repairs = { lost: 0, longestMs: 0 };
  const lost = (runId: string): void => {
    repairs.lost += 1;
    if (!lostSince.has(runId)) lostSince.set(runId, clock.now());
  };
  const moved = (runId: string): void => {
    repairs.longestMs = Math.max(repairs.longestMs, clock.now() - (lostSince.get(runId) ?? clock.now()));
    lostSince.delete(runId);
  };

  /** An invocation of a function: it takes its time, and one of the account's concurrent executions. */
  const invoke = async (name: string, about: string, work: () => Promise<unknown>): Promise<unknown> => {
    if (!meter.change('lambdaConcurrency', 1)) {
      meter.change('lambdaConcurrency', -1);
      throw Object.assign(new Error('Rate Exceeded.'), { name: 'Lambda.TooManyRequestsException' });
    }
    meter.count('lambda:Invoke');
    const began = clock.now();
    try {
      return await work();
    } finally {
      await clock.sleep(1_000 * Math.min(20, 0.2 + random.of(`${name} ${about}`).around(functionSeconds)));
      lambda.seconds += (clock.now() - began) / 1_000;
      meter.change('lambdaConcurrency', -1);
      meter.count(`function ${name}`);
    }
  };

  const ended = (execution: string, status = ''): void => {
    meter.change('openExecutions', -1);
    if (status !== 'FAILED' && status !== 'TIMED_OUT') return;
    meter.take('eventBridgeInvocations');
    if (random.of(`ended ${execution}`).chance(draws.lost)) return;
    const outcome = { status: 'failed' as const, error: 'Internal', cause: `The execution ended as ${status}.` };
    clock.start(() => invoke('settle-run', execution, () => endRun(deps, execution, outcome)).catch(onlyThrottles));
  };
  const engine = Engine.open({
    file: ':memory:',
    name: 'drydock',
    definition: taskMachine((step) => step),
    clock,
    random: random.next,
    invoke: (name, payload, { execution }) =>
      clock.during(() => invoke(name, execution, () => steps[name as keyof typeof steps](deps)(payload))),
    onEvent({ type, execution, status }) {
      if (type === 'ExecutionStarted') meter.change('openExecutions', 1);
      if (type === 'StateEntered' || type === 'TaskRetried') meter.take('states:transition');
      if (type === 'ExecutionEnded') ended(execution, status);
    },
  });
  const ecs = new SimulatedEcs(
    { store, clock, meter, random, draws },
    (phaseKey, event) => clock.start(() => again(() => invoke('settle-phase', phaseKey, () => onStopped(event)))),
    (phaseKey) => lost(phaseKey.split('/', 1)[0] ?? ''),
  );
  const launcher = withDrydockErrors(
    createFargateLauncher(
      ecs,
      store,
      {
        cluster: 'drydock',
        networks: {
          gateway: { subnets: ['subnet-1'], securityGroup: 'sg-1' },
          sandbox: { subnets: ['subnet-2'], securityGroup: 'sg-2' },
        },
        definitions: { gateway: 'gateway:1', sandboxes: { node: 'node:1' }, services: { images: [], revisions: {} } },
        sandboxCapacity: draws.spot > 0 ? 'FARGATE_SPOT' : 'FARGATE',
        gatewayPort: 8443,
        agentFiles: async () => new Uint8Array(),
        deploymentKey: async () => 'simulated',
      },
      { now: clock.now, sleep: (ms) => clock.sleep(ms) },
    ),
  );
  const executions = withDrydockErrors(
    createStepFunctions(new SimulatedStepFunctions(() => engine, machine, meter), machine),
  );
  const gates = withDrydockErrors(createGates(dynamo.client, testTables.gates));
  const phases = withDrydockErrors(createPhases(dynamo.client, testTables.gates));
  const runs = withDrydockErrors(createRuns(dynamo.client, testTables.runs));
  const opened = new Set<string>();
  let toDamage = damaged;

  const deps: Deps = {
    clock,
    runs,
    phases: {
      ...phases,
      markDelivered: async (phaseId) => {
        await phases.markDelivered(phaseId);
        moved(phaseId.split('/', 1)[0] ?? '');
      },
    },
    gates: {
      ...gates,
      async open(gate: Gate) {
        const harmed = gate.kind === 'review' && toDamage > 0 && !opened.has(gate.gateId);
        if (harmed) toDamage -= 1;
        const stored = await gates.open(harmed ? { ...gate, token: 'a token that nobody waits for' } : gate);
        if (!opened.has(gate.gateId)) answerLater(outside, stored);
        opened.add(gate.gateId);
        return stored;
      },
      markDelivered: async (gateId) => {
        await gates.markDelivered(gateId);
        moved(gateId.split('.', 1)[0] ?? '');
      },
    },
    ledger: createLedger(dynamo.client, testTables.ledger),
    admission: createAdmission(dynamo.client, testTables.ledger),
    baselines: createBaselines(dynamo.client, testTables.ledger),
    firings: createFirings(dynamo.client, testTables.ledger),
    seenSpecs: createSeenSpecs(dynamo.client, testTables.runs),
    runLinks: createRunLinks(dynamo.client, testTables.runs),
    artifacts: createS3Artifacts(s3, 'artifacts'),
    codeHost: (_, scope) => github.host(scope),
    launcher,
    phaseInbox: { deliver: async () => undefined },
    executions: {
      ...executions,
      async start(name, input) {
        // The trigger dies after it wrote the record.
        if (!started.has(name) && random.of(`start ${name}`).chance(draws.lost)) {
          started.add(name);
          lost(name);
          throw new DrydockError('Conflict', 'The trigger died before it started the execution.');
        }
        started.add(name);
        const answer = await executions.start(name, input);
        if (answer === 'started') moved(name);
        return answer;
      },
    },
    notifier: { tell: async () => undefined },
    thread: judge,
    advisories: async () => [],
    vault: { seal: (token) => token, open: (sealed) => sealed },
    modelAccess: () => Promise.reject(new DrydockError('SecretMissing', 'The simulation calls no model.')),
    credential: () => Promise.reject(new DrydockError('SecretMissing', 'The simulation has no secrets.')),
    agentFiles: (path) => path,
    runLink: () => undefined,
    pageLink: () => undefined,
  };
  const started = new Set<string>();
  const outside = { deps, clock, random, draws, github, invoke, lost };

  const onStopped = async (event: unknown): Promise<void> => {
    const task = readStopped(event);
    if (!task) return;
    await launcher.stop(task);
    if (task.role === 'sandbox') return;
    await endPhase(deps, task.phaseId, task.attempt, await launcher.endOf(task));
  };
  /** EventBridge's and Lambda's own retries. */
  const again = async (work: () => Promise<unknown>): Promise<void> => {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        await work();
        return;
      } catch (error) {
        if (error instanceof DrydockError || isThrottle(error)) await clock.sleep(60_000 * (attempt + 1));
        else throw error;
      }
    }
  };

  const cursor = createCursor(dynamo.client, testTables.runs, 'reconcile');
  const sweeps = createRepositorySweeps(deps, () => policy);
  const passes = { count: 0, found: 0, left: 0, failed: 0 };
  const reconcile = async (): Promise<void> => {
    const until = clock.now() + workMs;
    const surveyed = await survey(deps);
    const repaired = await repair(deps, surveyed, cursor, until);
    await checkCi(deps, surveyed.ci, until);
    await sweeps.sweep();
    passes.count += 1;
    passes.found += repaired.found.length;
    passes.left = Math.max(passes.left, repaired.left);
  };
  const schedule = (): void => {
    clock.after(passMs, () => {
      schedule();
      clock.start(() =>
        invoke('reconcile', '', reconcile).catch((error) => {
          passes.failed += 1;
          onlyThrottles(error);
        }),
      );
    });
  };
  if (reconciles) schedule();

  return {
    clock,
    meter,
    deps,
    engine,
    ecs,
    github,
    invoke,
    lambda,
    repairs,
    lostSince,
    passes,
    async close() {
      await engine.close();
      await dynamo.close();
    },
  };
}

const isThrottle = (error: unknown): boolean =>
  error instanceof Error && error.name === 'Lambda.TooManyRequestsException';

/** Errors that pass are what a simulation is about; a defect ends it. */
function onlyThrottles(error: unknown): void {
  if (!(error instanceof DrydockError) && !isThrottle(error)) throw error;
}
