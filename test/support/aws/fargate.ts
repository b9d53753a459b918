/**
 * ECS's part of the stand-in: tasks that run, stop and say so. What the two tasks of a phase do together is a script; what
 * they leave in the bucket and the events of their stops are as the real ones'.
 */
import { buffer } from 'node:stream/consumers';
import { fargateEnforcer } from '../../../adapters/aws/phases/enforcer.ts';
import type { PhaseStore } from '../../../adapters/aws/phases/store.ts';
import { defined } from '../../../core/defined.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { type Script, type Scripted, scriptedRunner } from '../scripted-runner.ts';
import { AwsRefusal, type JsonOperation } from './call.ts';
import { stoppedRule } from './deployed.ts';

/** GuardDuty adds its agent to each task of an account with Runtime Monitoring, and ECS lists it first, without an exit code. */
const agent = { name: 'aws-guardduty-agent-Ab12', imageDigest: `sha256:${'9'.repeat(64)}` };

/** Beside what a script may say of a phase: what only a task can suffer. */
interface Suffered extends Scripted {
  /** `gateway-killed`: it stores nothing. `spot`: Fargate takes the sandbox back. */
  fate?: 'gateway-killed' | 'spot';
}
export type TaskScript = (...args: Parameters<Script>) => Suffered | undefined | Promise<Suffered | undefined>;

interface Task {
  arn: string;
  role: string;
  phaseKey: string;
  running: boolean;
  environment: Record<string, string>;
  stopCode?: string;
}

/** Of every image here. */
const imageDigest = `sha256:${'a'.repeat(64)}`;

export interface Fargate {
  operations: Record<string, JsonOperation>;
  tasks: Task[];
  /** While true, what ECS has to tell of stops is lost. */
  muted: boolean;
  /** How many of the next tasks find no capacity. */
  full: number;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
}

export function fargate(options: {
  store: PhaseStore;
  script: TaskScript;
  /** Takes an event of ECS, as EventBridge hands it over. */
  told(event: unknown): Promise<unknown>;
}): Fargate {
  const { store, script, told } = options;
  const byToken = new Map<string, Task>();
  const stops = new Map<string, AbortController>();
  /** Gateways that have to store an end yet: asked to stop, they do so first. */
  const ending = new Map<string, Promise<void>>();
  const underWay = new Set<Promise<unknown>>();
  const track = (work: Promise<unknown>): void => {
    const done = work.finally(() => underWay.delete(done));
    underWay.add(done);
    done.catch(() => undefined);
  };

  const stop = async (task: Task, stopCode: string): Promise<void> => {
    if (!task.running) return;
    task.running = false;
    task.stopCode = stopCode;
    stops.get(task.phaseKey)?.abort('its task was stopped');
    if (ecs.muted) return;
    const event = {
      source: 'aws.ecs',
      'detail-type': 'ECS Task State Change',
      detail: {
        clusterArn: '<Cluster>',
        lastStatus: 'STOPPED',
        startedBy: task.phaseKey,
        stopCode,
        stoppedReason: stopCode,
        containers: [agent, { name: task.role, exitCode: stopCode === 'SpotInterruption' ? 137 : 0, imageDigest }],
      },
    };
    if (stoppedRule(event)) await told(event);
  };

  /** What happens in the two tasks of a phase, from the sandbox's start to the gateway's end. */
  const runPhase = async (sandbox: Task): Promise<void> => {
    const { phaseKey } = sandbox;
    const order = await store.order(phaseKey);
    if (!order) throw new Error(`${phaseKey} was never ordered`);
    const inputs = new Map<string, Uint8Array>();
    for (const name of order.spec.inputs) {
      const stream = await store.input(order, name);
      inputs.set(name, stream ? await buffer(stream) : new Uint8Array());
    }
    const abort = new AbortController();
    stops.set(phaseKey, abort);
    const job = { ...order, model: undefined, inputs, baseRepository: '' };
    let fate: Suffered['fate'];
    const runner = scriptedRunner(async (asked) => {
      const scripted = await script(asked);
      fate = scripted?.fate;
      return scripted;
    });
    const ended = await runner.run(job as never, { signal: abort.signal, onEvent: () => undefined });
    const lost = { name: 'SandboxLost', message: 'The sandbox ended without a result' };
    const { result: _none, ...facts } = ended;
    const end: PhaseEnd = fate === 'spot' || abort.signal.aborted ? { ...facts, failure: lost } : ended;
    const gateway = ecs.tasks.find((task) => task.phaseKey === phaseKey && task.role === 'gateway');
    await store.putCalls(phaseKey, ended.calls);
    stops.delete(phaseKey);
    if (fate === 'gateway-killed') return gateway && stop(gateway, 'EssentialContainerExited');
    const stored = Promise.withResolvers<void>();
    ending.set(phaseKey, stored.promise);
    await stop(sandbox, fate === 'spot' ? 'SpotInterruption' : 'EssentialContainerExited');
    await store.putEnd({ ...end, enforcer: fargateEnforcer });
    stored.resolve();
    if (gateway) await stop(gateway, 'EssentialContainerExited');
  };

  const ecs: Fargate = {
    tasks: [],
    muted: false,
    full: 0,
    async idle() {
      while (underWay.size > 0) await Promise.allSettled([...underWay]);
    },
    operations: {
      'ecs:RunTask'(input) {
        const known = byToken.get(String(input.clientToken));
        if (known) return { tasks: [{ taskArn: known.arn }] };
        if (ecs.full > 0) {
          ecs.full--;
          return { tasks: [], failures: [{ reason: 'Capacity is unavailable at this time.' }] };
        }
        const { containerOverrides } = input.overrides as {
          containerOverrides: { name: string; environment: { name: string; value: string }[] }[];
        };
        const [container] = containerOverrides;
        const task: Task = {
          arn: `arn:aws:ecs:us-east-1:123456789012:task/drydock/${ecs.tasks.length}`,
          role: container?.name ?? '',
          phaseKey: String(input.startedBy),
          running: true,
          environment: Object.fromEntries(container?.environment.map(({ name, value }) => [name, value]) ?? []),
        };
        ecs.tasks.push(task);
        byToken.set(String(input.clientToken), task);
        if (task.role === 'sandbox') track(new Promise((go) => setImmediate(go)).then(() => runPhase(task)));
        return { tasks: [{ taskArn: task.arn }] };
      },
      'ecs:DescribeTasks'(input) {
        const asked = input.tasks as string[];
        if (asked.length > 100) throw new AwsRefusal('InvalidParameterException', 'Tasks can have at most 100 items.');
        const known = new Map(ecs.tasks.map((task) => [task.arn, task]));
        const details = [{ name: 'privateIPv4Address', value: '10.0.0.5' }];
        return {
          tasks: asked.flatMap((arn) => {
            const task = known.get(arn);
            if (!task) return [];
            return {
              taskArn: arn,
              startedBy: task.phaseKey,
              lastStatus: task.running ? 'RUNNING' : 'STOPPED',
              ...defined({ stopCode: task.stopCode }),
              attachments: [{ details }],
              containers: [agent, { name: task.role, imageDigest }],
            };
          }),
          failures: asked.filter((arn) => !known.has(arn)).map((arn) => ({ arn, reason: 'MISSING' })),
        };
      },
      /** Pages of 100, as ECS has at most; the token is where the next one begins. */
      'ecs:ListTasks'({ startedBy, nextToken }) {
        const all = ecs.tasks.filter(
          (task) => task.running && (startedBy === undefined || task.phaseKey === startedBy),
        );
        const from = Number(nextToken ?? 0);
        return {
          taskArns: all.slice(from, from + 100).map(({ arn }) => arn),
          ...(from + 100 < all.length ? { nextToken: String(from + 100) } : {}),
        };
      },
      'ecs:StopTask'(input) {
        const task = ecs.tasks.find(({ arn }) => arn === input.task);
        if (!task) throw new AwsRefusal('InvalidParameterException', 'no such task');
        const stored = ending.get(task.phaseKey) ?? Promise.resolve();
        if (!stops.has(task.phaseKey)) track(stored.then(() => stop(task, 'UserInitiated')));
        else stops.get(task.phaseKey)?.abort('its task was stopped');
        return { task: { taskArn: task.arn } };
      },
    },
  };
  return ecs;
}
