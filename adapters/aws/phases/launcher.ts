import { createHash } from 'node:crypto';
import {
  DescribeTasksCommand,
  type ECSClient,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { DrydockError } from '../../../core/errors.ts';
import type { PhaseAttempt, PhaseLauncher } from '../../../core/ports/runtime/launcher.ts';
import type { PhaseOrder } from '../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { gatewayGrant, sandboxTicket } from '../../../core/run/phase-grant.ts';
import { agentFilesInput } from '../../../core/run/phase-order.ts';
import { toolchainOf } from '../../../core/task-spec/toolchains.ts';
import { endOfPhase, type StoppedTask, sandboxTask } from './stopped.ts';
import type { PhaseStore } from './store.ts';

type PhaseRole = 'gateway' | 'sandbox';

export type Capacity = 'FARGATE' | 'FARGATE_SPOT';

interface FargateConfig {
  /** ARN. */
  cluster: string;
  /** Subnets and security group of each role. */
  networks: Record<PhaseRole, { subnets: string[]; securityGroup: string }>;
  /** Task definitions with their revision; those of sandboxes by runtime of the policy, or by toolchain. */
  definitions: { gateway: string; sandboxes: Readonly<Record<string, string>> };
  /** `FARGATE_SPOT`: only the first try of a phase takes the risk of being interrupted. */
  sandboxCapacity: Capacity;
  gatewayPort: number;
  /** Tar of a profile's files. @throws AgentUnavailable. */
  agentFiles(profile: string): Promise<Uint8Array>;
  /** What tickets and grants are derived from. */
  deploymentKey(): Promise<string>;
}

/** A gateway gets its address within seconds; without one for so long it never will. */
const addressMs = 90_000;
const pollMs = 1_000;
/** Between an order and its tasks; later than that, tasks that are not there are gone. */
const startMs = 5 * 60_000;
/** Beyond the phase's time limit: pulling images, making the base repository, writing the end. */
const graceMs = 15 * 60_000;

export interface FargateLauncher extends PhaseLauncher {
  /** The end of a phase whose gateway has stopped. */
  endOf(gateway: StoppedTask): Promise<PhaseEnd>;
}

/**
 * Starts the two tasks of a phase: the gateway, and the sandbox that is told its address. Both carry the
 * phase's key in `startedBy`, so that who hears of their end knows whose it is. A request that
 * the SDK sends again starts nothing twice, by its client token; every launch is a try of its own.
 */
export function createFargateLauncher(
  client: ECSClient,
  store: PhaseStore,
  config: FargateConfig,
  clock: { now(): number; sleep(ms: number): Promise<void> },
): FargateLauncher {
  const { cluster } = config;

  const runTask = async (
    role: PhaseRole,
    phaseKey: string,
    definition: string,
    capacity: Capacity,
    environment: Record<string, string>,
  ) => {
    const { subnets, securityGroup } = config.networks[role];
    const { tasks, failures } = await client.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: definition,
        capacityProviderStrategy: [{ capacityProvider: capacity, weight: 1 }],
        clientToken: createHash('sha256').update(`${phaseKey}\0${role}`).digest('hex'),
        startedBy: phaseKey,
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets,
            securityGroups: [securityGroup],
            assignPublicIp: role === 'gateway' ? 'ENABLED' : 'DISABLED',
          },
        },
        overrides: {
          containerOverrides: [
            { name: role, environment: Object.entries(environment).map(([name, value]) => ({ name, value })) },
          ],
        },
      }),
    );
    const arn = tasks?.[0]?.taskArn;
    if (arn !== undefined) return arn;
    const reason = failures?.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': ')).join('; ');
    throw new DrydockError('SandboxLost', `ECS did not start the ${role} task: ${reason || 'no reason given'}`, {
      remedy: 'Capacity comes back by itself; otherwise see the limits of Fargate in this region.',
    });
  };

  const addressOf = async (arn: string): Promise<string> => {
    for (const until = clock.now() + addressMs; ; await clock.sleep(pollMs)) {
      const { tasks } = await client.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
      const task = tasks?.[0];
      const address = task && privateAddress(task);
      if (address) return address;
      if (task?.lastStatus === 'STOPPED' || clock.now() > until) {
        throw new DrydockError('SandboxLost', `The gateway has no address: ${task?.stoppedReason ?? 'not yet'}`);
      }
    }
  };

  const running = async ({ phaseId, attempt }: PhaseAttempt): Promise<string[]> =>
    (await client.send(new ListTasksCommand({ cluster, startedBy: `${phaseId}/${attempt}` }))).taskArns ?? [];
  const stopTasks = async (arns: string[], reason: string): Promise<void> => {
    for (const task of arns) await client.send(new StopTaskCommand({ cluster, task, reason }));
  };

  const endOf = async (gateway: StoppedTask): Promise<PhaseEnd> => {
    const arn = await store.sandbox(gateway.phaseKey);
    const { tasks } = arn ? await client.send(new DescribeTasksCommand({ cluster, tasks: [arn] })) : {};
    return endOfPhase(store, gateway, tasks?.[0] && sandboxTask(tasks[0]));
  };

  return {
    async launch(order, { attempt }) {
      const { phaseKey, limits, sandbox } = order.spec;
      const definition = sandboxDefinition(config.definitions.sandboxes, sandbox.runtime);
      await store.putOrder(await withAgentFiles(order, config.agentFiles));
      const key = await config.deploymentKey();
      // Taken back with its gateway, a sandbox's work would be lost even where it has just ended.
      const gateway = await runTask('gateway', phaseKey, config.definitions.gateway, 'FARGATE', {
        DRYDOCK_PHASE_KEY: phaseKey,
        DRYDOCK_GRANT: gatewayGrant(key, phaseKey, clock.now() + limits.timeoutMs + graceMs),
      });
      try {
        const address = await addressOf(gateway);
        const capacity = attempt === 1 ? config.sandboxCapacity : 'FARGATE';
        const task = await runTask('sandbox', phaseKey, definition, capacity, {
          DRYDOCK_GATEWAY: `${address}:${config.gatewayPort}`,
          DRYDOCK_TICKET: sandboxTicket(key, phaseKey),
        });
        await store.putSandbox(phaseKey, task);
      } catch (error) {
        await stopTasks([gateway], 'the sandbox could not be started');
        throw error;
      }
    },
    async stop(phase) {
      await stopTasks(await running(phase), 'the phase was stopped');
    },
    async isRunning(phase) {
      if ((await running(phase)).length > 0) return true;
      // One that is being started has no tasks yet: whoever starts it fails by itself, or has them soon.
      const orderedAt = await store.orderedAt(`${phase.phaseId}/${phase.attempt}`);
      return orderedAt === undefined || clock.now() - orderedAt < startMs;
    },
    async left({ phaseId, attempt }) {
      const phaseKey = `${phaseId}/${attempt}`;
      const gone = { phaseId, phaseKey, attempt, interrupted: false, reason: 'ECS has no task of it any more' };
      return endOf({ role: 'gateway', ...gone });
    },
    endOf,
    calls: (phaseKey) => store.calls(phaseKey),
  };
}

/** The image that the policy pins for exactly this runtime, else that of its toolchain. */
function sandboxDefinition(definitions: Readonly<Record<string, string>>, runtime: string): string {
  for (const name of [runtime, toolchainOf(runtime)])
    if (name !== undefined && Object.hasOwn(definitions, name)) return definitions[name] ?? '';
  throw new DrydockError('UnknownRuntime', `There is no image for ${runtime} in this deployment.`);
}

/** The gateway's task has no folder of the operator's: the profile's files go with the other inputs. */
async function withAgentFiles(order: PhaseOrder, read: FargateConfig['agentFiles']): Promise<PhaseOrder> {
  const { agent } = order.spec;
  if (order.agentFiles === undefined || agent === null) return order;
  const inputs = new Map([...order.inputs, [agentFilesInput, await read(agent.profile)]]);
  return { ...order, inputs, spec: { ...order.spec, inputs: [...inputs.keys()] } };
}

const privateAddress = ({ attachments }: Task): string | undefined =>
  attachments?.flatMap(({ details }) => details ?? []).find(({ name, value }) => name === 'privateIPv4Address' && value)
    ?.value;
