import { ECSClient } from '@aws-sdk/client-ecs';
import type { PhaseStore } from '../../adapters/aws/phases/store.ts';
import { scriptedRunner } from '../../test/support/scripted-runner.ts';
import type { SimulatedClock } from './clock.ts';
import type { Meter } from './meter.ts';
import type { Random } from './random.ts';
import { operationOf, region } from './services.ts';

export interface Draws {
  /** Median minutes of a phase. */
  phaseMinutes: number;
  /** Probability that Fargate takes a Spot sandbox back. */
  spot: number;
  /** Probability that an event is lost. */
  lost: number;
}

interface SimulatedTask {
  arn: string;
  role: 'gateway' | 'sandbox';
  phaseKey: string;
  startedAt: number;
  running: boolean;
  stopCode?: string;
}

type Input = Record<string, unknown>;

/** A gateway has its address after this time. */
const addressMs = 12_000;
/** Time for the images, before the phase begins. */
const bootMs = 60_000;
/** Within the limit of the policy. */
const maxPhaseMs = 55 * 60_000;
const vcpus = { gateway: 0.25, sandbox: 2 };
/** ECS still tells of a stopped task for an hour. */
const rememberMs = 3_600_000;

/** Fargate: tasks that start, work for a drawn time, and stop. */
export class SimulatedEcs extends ECSClient {
  readonly tasks = new Map<string, SimulatedTask>();
  /** Task seconds by role, and seconds on Spot. */
  readonly seconds = { gateway: 0, sandbox: 0 };
  readonly #running = { gateway: 0, sandbox: 0 };
  readonly #byToken = new Map<string, SimulatedTask>();
  readonly #parts: { store: PhaseStore; clock: SimulatedClock; meter: Meter; random: Random; draws: Draws };
  readonly #told: (phaseKey: string, event: unknown) => void;
  readonly #lost: (phaseKey: string) => void;
  #started = 0;

  constructor(
    parts: { store: PhaseStore; clock: SimulatedClock; meter: Meter; random: Random; draws: Draws },
    told: (phaseKey: string, event: unknown) => void,
    lost: (phaseKey: string) => void,
  ) {
    super({ region, credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' } });
    this.#parts = parts;
    this.#told = told;
    this.#lost = lost;
  }

  override async send(command: unknown): Promise<never> {
    const { input } = command as { input: Input };
    const operation = operationOf(command);
    this.#parts.meter.count(`ecs:${operation}`);
    const operations: Record<string, (input: Input) => unknown> = {
      RunTask: (given) => this.#run(given),
      DescribeTasks: (given) => this.#describe(given),
      ListTasks: (given) => this.#list(given),
      StopTask: (given) => this.#stopAsked(String(given.task)),
    };
    return operations[operation]?.(input) as never;
  }

  #run(input: Input): unknown {
    const { meter, clock } = this.#parts;
    const known = this.#byToken.get(String(input.clientToken));
    if (known) return { tasks: [{ taskArn: known.arn }] };
    if (!meter.take('ecs:RunTask') || !meter.take('fargateLaunches')) {
      meter.giveBack('ecs:RunTask');
      const refusal = { name: 'ThrottlingException', $fault: 'client', $metadata: { httpStatusCode: 400 } };
      throw Object.assign(new Error('Rate exceeded'), refusal);
    }
    const [container] = (input.overrides as { containerOverrides: { name: string }[] }).containerOverrides;
    const role = container?.name === 'gateway' ? 'gateway' : 'sandbox';
    if (!meter.change('fargateVcpus', vcpus[role])) {
      meter.change('fargateVcpus', -vcpus[role]);
      const reason = "You've reached the limit on the number of vCPUs you can run concurrently";
      return { tasks: [], failures: [{ reason }] };
    }
    this.#running[role] += 1;
    meter.observe('sandboxAddresses', Math.max(this.#running.gateway, this.#running.sandbox));
    const arn = `arn:aws:ecs:${region}:123456789012:task/drydock/${this.#started++}`;
    const phaseKey = String(input.startedBy);
    const task: SimulatedTask = { arn, role, phaseKey, startedAt: clock.now(), running: true };
    this.tasks.set(arn, task);
    this.#byToken.set(String(input.clientToken), task);
    const spot = JSON.stringify(input.capacityProviderStrategy).includes('SPOT');
    if (role === 'sandbox') this.#work(task, spot);
    return { tasks: [{ taskArn: arn }] };
  }

  /** What the two tasks of a phase do: they work, the gateway stores the end, both stop. */
  #work(sandbox: SimulatedTask, spot: boolean): void {
    const { clock, draws, store } = this.#parts;
    const random = this.#parts.random.of(`work ${sandbox.phaseKey}`);
    const ms = Math.min(maxPhaseMs, bootMs + random.around(draws.phaseMinutes) * 60_000);
    const interrupted = spot && random.chance(draws.spot);
    const after = interrupted ? bootMs + random.next() * (ms - bootMs) : ms;
    clock.after(after, () => {
      if (!sandbox.running) return;
      clock.start(async () => {
        const order = await store.order(sandbox.phaseKey);
        if (!order) throw new Error(`${sandbox.phaseKey} was never ordered`);
        const job = { ...order, inputs: new Map(), baseRepository: '' };
        const run = scriptedRunner().run(job as never, {
          signal: new AbortController().signal,
          onEvent: () => undefined,
        });
        const { result, ...facts } = await run;
        const failure = { name: 'SandboxLost', message: 'The sandbox ended without a result' };
        const end = interrupted ? { ...facts, failure } : { ...facts, ...(result ? { result } : {}) };
        await store.putEnd({ ...end, enforcer: 'fargate', ms: Math.round(after) });
        this.#stop(sandbox, interrupted ? 'SpotInterruption' : 'EssentialContainerExited', 0);
        for (const task of this.tasks.values())
          if (task.phaseKey === sandbox.phaseKey) this.#stop(task, 'EssentialContainerExited', 0);
      });
    });
  }

  #stop(task: SimulatedTask, stopCode: string, exitCode: number): void {
    if (!task.running) return;
    const { meter, clock, draws } = this.#parts;
    const random = this.#parts.random.of(`stop ${task.role} ${task.phaseKey}`);
    task.running = false;
    task.stopCode = stopCode;
    this.#running[task.role] -= 1;
    meter.change('fargateVcpus', -vcpus[task.role]);
    meter.observe('sandboxAddresses', Math.max(this.#running.gateway, this.#running.sandbox));
    this.seconds[task.role] += (clock.now() - task.startedAt) / 1_000;
    clock.after(rememberMs, () => this.tasks.delete(task.arn));
    // As the rule says: a sandbox that ended well is told of by its gateway.
    if (task.role === 'sandbox' && stopCode === 'EssentialContainerExited') return;
    if (random.chance(draws.lost)) {
      // A phase ends by the stop of its gateway; that of a sandbox only stops the gateway sooner.
      if (task.role === 'gateway') this.#lost(task.phaseKey);
      return;
    }
    const event = {
      detail: {
        lastStatus: 'STOPPED',
        startedBy: task.phaseKey,
        stopCode,
        stoppedReason: stopCode,
        containers: [{ name: task.role, exitCode }],
      },
    };
    meter.count('events:invocation');
    meter.take('eventBridgeInvocations');
    clock.after(1_000 + 2_000 * random.next(), () => this.#told(task.phaseKey, event));
  }

  #stopAsked(arn: string): unknown {
    const task = this.tasks.get(arn);
    if (task) this.#parts.clock.after(2_000, () => this.#stop(task, 'UserInitiated', 143));
    return {};
  }

  #describe(input: Input): unknown {
    const { clock } = this.#parts;
    const tasks = (input.tasks as string[]).flatMap((arn) => {
      const task = this.tasks.get(arn);
      if (!task) return [];
      const hasAddress = clock.now() - task.startedAt >= addressMs;
      const details = hasAddress ? [{ name: 'privateIPv4Address', value: '10.0.0.5' }] : [];
      return {
        taskArn: arn,
        startedBy: task.phaseKey,
        lastStatus: task.running ? 'RUNNING' : 'STOPPED',
        ...(task.stopCode === undefined ? {} : { stopCode: task.stopCode }),
        attachments: [{ details }],
        containers: [{ name: task.role }],
      };
    });
    return { tasks };
  }

  #list({ startedBy, nextToken }: Input): unknown {
    const all = [...this.tasks.values()].filter(
      (task) => task.running && (startedBy === undefined || task.phaseKey === startedBy),
    );
    const from = Number(nextToken ?? 0);
    const taskArns = all.slice(from, from + 100).map(({ arn }) => arn);
    return { taskArns, ...(from + 100 < all.length ? { nextToken: String(from + 100) } : {}) };
  }
}
