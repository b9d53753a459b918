import { createHash } from 'node:crypto';
import {
  type ContainerOverride,
  DescribeTasksCommand,
  type ECSClient,
  paginateListTasks,
  RunTaskCommand,
  type Task,
} from '@aws-sdk/client-ecs';
import { launchFaults } from '../../../core/deployment/launch-faults.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { PhaseLauncher } from '../../../core/ports/runtime/launcher.ts';
import type { PhaseOrder } from '../../../core/ports/runtime/phase-runner.ts';
import type { PhaseEnd } from '../../../core/run/phase-end.ts';
import { gatewayGrant, sandboxTicket } from '../../../core/run/phase-grant.ts';
import { agentFilesInput } from '../../../core/run/phase-order.ts';
import { imageServices, refuseCommandServices } from '../../../core/services/forms.ts';
import { toolchainOf } from '../../../core/task-spec/toolchains.ts';
import { saysNoCapacity } from './capacity.ts';
import { type ServiceTasks, withServices } from './service-tasks.ts';
import { endOfPhase, isImageMissing, type StoppedTask, sandboxTask } from './stopped.ts';
import { createStopper } from './stopper.ts';
import type { PhaseStore } from './store.ts';

type PhaseRole = 'gateway' | 'sandbox';

export type Capacity = 'FARGATE' | 'FARGATE_SPOT';

interface FargateConfig {
  /** ARN. */
  cluster: string;
  /** Subnets and security group of each role. */
  networks: Record<PhaseRole, { subnets: string[]; securityGroup: string }>;
  /** Task definitions with their revision; those of sandboxes by runtime of the policy or by toolchain. */
  definitions: { gateway: string; sandboxes: Readonly<Record<string, string>>; services: ServiceTasks };
  /** With `FARGATE_SPOT`, only the first attempt of a phase uses Spot; a retry runs on On-Demand capacity. */
  sandboxCapacity: Capacity;
  gatewayPort: number;
  /** Tar file with the files of a profile. @throws AgentUnavailable. */
  agentFiles(profile: string): Promise<Uint8Array>;
  /** The key from which tickets and grants are derived. */
  deploymentKey(): Promise<string>;
}

/** A gateway gets its address within seconds; after this time it is considered failed. */
const addressMs = 90_000;
const pollMs = 1_000;
/** Maximum time between an order and its tasks; after it, missing tasks are considered gone. */
const startMs = 5 * 60_000;
/** Time in addition to the phase's limit: to pull images, create the base repository and write the end. */
const graceMs = 15 * 60_000;

export interface FargateLauncher extends PhaseLauncher {
  /** The end of a phase whose gateway has stopped. */
  endOf(gateway: StoppedTask): Promise<PhaseEnd>;
}

/**
 * Starts the two tasks of a phase: the gateway, and the sandbox, which gets the gateway's address. Both carry the phase
 * key in `startedBy`, so that their stop events can be assigned to the phase. The client token makes the SDK's retries
 * idempotent; each launch is a separate attempt.
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
    services: ContainerOverride[] = [],
  ) => {
    const { subnets, securityGroup } = config.networks[role];
    const { tasks, failures } = await client
      .send(
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
              ...services,
            ],
          },
        }),
      )
      .catch((error: unknown) => {
        if (error instanceof Error && saysNoCapacity(error.message)) throw noCapacity(role, error.message);
        throw error;
      });
    const arn = tasks?.[0]?.taskArn;
    if (arn !== undefined) return arn;
    const reason = failures?.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': ')).join('; ') ?? '';
    if (saysNoCapacity(reason)) throw noCapacity(role, reason);
    const fault = `${launchFaults.notStarted} the ${role} task: ${reason || 'no reason given'}`;
    throw new DrydockError('SandboxLost', fault, {
      remedy: 'Retry later if capacity is missing; otherwise see the Fargate quotas of this region.',
    });
  };

  const addressOf = async (arn: string): Promise<string> => {
    for (const until = clock.now() + addressMs; ; await clock.sleep(pollMs)) {
      const { tasks } = await client.send(new DescribeTasksCommand({ cluster, tasks: [arn] }));
      const task = tasks?.[0];
      const address = task && privateAddress(task);
      if (address) return address;
      const reason = [task?.stopCode, task?.stoppedReason].filter(Boolean).join('; ');
      if (saysNoCapacity(reason)) throw noCapacity('gateway', reason);
      if (task?.lastStatus === 'STOPPED' || clock.now() > until) {
        throw isImageMissing(reason)
          ? new DrydockError('ImageMissing', `The image of the gateway is not there: ${reason}`)
          : new DrydockError('SandboxLost', `${launchFaults.noAddress}: ${reason || 'not yet'}`);
      }
    }
  };

  const { running, stopTasks, stop } = createStopper(client, cluster);

  /** The gateway's task cannot read the operator's folders, so the profile's files are one of the inputs. */
  const withAgentFiles = async (order: PhaseOrder): Promise<PhaseOrder> => {
    const { agent, inputs } = order.spec;
    if (order.agentFiles === undefined || agent === null) return order;
    const agentFilesDigest = await store.putAgentFiles(await config.agentFiles(agent.profile), clock.now());
    return { ...order, agentFilesDigest, spec: { ...order.spec, inputs: [...inputs, agentFilesInput] } };
  };

  const endOf = async (gateway: StoppedTask): Promise<PhaseEnd> => {
    const arn = await store.sandbox(gateway.phaseKey);
    const { tasks } = arn ? await client.send(new DescribeTasksCommand({ cluster, tasks: [arn] })) : {};
    return endOfPhase(store, gateway, tasks?.[0] && sandboxTask(tasks[0]));
  };

  return {
    async launch(order, { attempt }) {
      const { phaseKey, limits, sandbox } = order.spec;
      refuseCommandServices(sandbox.services);
      const { definition, overrides } = withServices(
        sandboxDefinition(config.definitions.sandboxes, sandbox.runtime),
        config.definitions.services,
        imageServices(sandbox.services),
      );
      await store.putOrder(await withAgentFiles(order));
      const key = await config.deploymentKey();
      // Never on Spot: if the gateway were interrupted, even the work of a finished sandbox would be lost.
      const gateway = await runTask('gateway', phaseKey, config.definitions.gateway, 'FARGATE', {
        DRYDOCK_PHASE_KEY: phaseKey,
        DRYDOCK_GRANT: gatewayGrant(key, phaseKey, clock.now() + limits.timeoutMs + graceMs),
      });
      try {
        const address = await addressOf(gateway);
        const capacity = attempt === 1 ? config.sandboxCapacity : 'FARGATE';
        const environment = {
          DRYDOCK_GATEWAY: `${address}:${config.gatewayPort}`,
          DRYDOCK_TICKET: sandboxTicket(key, phaseKey),
        };
        const task = await runTask('sandbox', phaseKey, definition, capacity, environment, overrides);
        await store.putSandbox(phaseKey, task);
      } catch (error) {
        await stopTasks([gateway], 'the sandbox could not be started');
        throw error;
      }
    },
    stop,
    async isRunning(phase) {
      if ((await running(phase)).length > 0) return true;
      // A phase that is being launched has no tasks yet; the launch soon either fails or creates them.
      const orderedAt = await store.orderedAt(`${phase.phaseId}/${phase.attempt}`);
      return orderedAt === undefined || clock.now() - orderedAt < startMs;
    },
    async active() {
      const keys = new Set<string>();
      // A page of either request has at most 100 tasks.
      for await (const { taskArns = [] } of paginateListTasks({ client, pageSize: 100 }, { cluster })) {
        if (taskArns.length === 0) continue;
        const { tasks } = await client.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
        for (const { startedBy } of tasks ?? []) if (startedBy) keys.add(startedBy);
      }
      return keys;
    },
    async left({ phaseId, attempt }) {
      const phaseKey = `${phaseId}/${attempt}`;
      const gone = {
        phaseId,
        phaseKey,
        attempt,
        interrupted: false,
        outOfMemory: false,
        reason: 'ECS no longer lists its task',
      };
      return endOf({ role: 'gateway', ...gone });
    },
    endOf,
    calls: (phaseKey) => store.calls(phaseKey),
  };
}

/** The image that the policy pins for exactly this runtime, otherwise the image of its toolchain. */
function sandboxDefinition(definitions: Readonly<Record<string, string>>, runtime: string) {
  for (const name of [runtime, toolchainOf(runtime)])
    if (name !== undefined && Object.hasOwn(definitions, name))
      return { runtime: name, definition: definitions[name] ?? '' };
  throw new DrydockError('UnknownRuntime', `This deployment has no image for ${runtime}.`);
}

const noCapacity = (role: PhaseRole, reason: string): DrydockError =>
  new DrydockError('CapacityMissing', `${launchFaults.noRoom} the ${role} task now: ${reason.slice(0, 500)}`);

const privateAddress = ({ attachments }: Task): string | undefined =>
  attachments?.flatMap(({ details }) => details ?? []).find(({ name, value }) => name === 'privateIPv4Address' && value)
    ?.value;
