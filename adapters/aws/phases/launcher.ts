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
import { gatewayGrant, sandboxTicket } from '../../../core/run/phase-grant.ts';
import type { PhaseLauncher } from '../../../pipeline/deps.ts';
import type { PhaseStore } from './store.ts';

export type PhaseRole = 'gateway' | 'sandbox';

export interface FargateConfig {
  /** ARN. */
  cluster: string;
  /** Task definitions with their revision, subnets and security group of each role. */
  tasks: Record<PhaseRole, { definition: string; subnets: string[]; securityGroup: string }>;
  gatewayPort: number;
  /** What tickets and grants are derived from. */
  deploymentKey(): Promise<string>;
}

/** A gateway gets its address within seconds; without one for so long it never will. */
const addressMs = 90_000;
const pollMs = 1_000;
/** Beyond the phase's time limit: pulling images, making the base repository, writing the end. */
const graceMs = 15 * 60_000;

/**
 * Starts the two tasks of a phase: the gateway, and the sandbox that is told its address. Both carry the phase's id in
 * `startedBy` and its key in `group`, so that who hears of their end knows whose it is. Done again, the client tokens
 * make it the same tasks.
 */
export function createFargateLauncher(
  client: ECSClient,
  store: PhaseStore,
  config: FargateConfig,
  clock: { now(): number; sleep(ms: number): Promise<void> },
): PhaseLauncher {
  const { cluster } = config;

  const runTask = async (role: PhaseRole, phaseId: string, phaseKey: string, environment: Record<string, string>) => {
    const { definition, subnets, securityGroup } = config.tasks[role];
    const { tasks, failures } = await client.send(
      new RunTaskCommand({
        cluster,
        taskDefinition: definition,
        launchType: 'FARGATE',
        clientToken: createHash('sha256').update(`${phaseKey}\0${role}`).digest('hex'),
        startedBy: phaseId,
        group: phaseKey,
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
    const why = failures?.map(({ reason, detail }) => [reason, detail].filter(Boolean).join(': ')).join('; ');
    throw new DrydockError('SandboxLost', `ECS did not start the ${role} task: ${why || 'no reason given'}`, {
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

  const running = async (phaseId: string): Promise<string[]> =>
    (await client.send(new ListTasksCommand({ cluster, startedBy: phaseId }))).taskArns ?? [];
  const stopTasks = async (arns: string[], reason: string): Promise<void> => {
    for (const task of arns) await client.send(new StopTaskCommand({ cluster, task, reason }));
  };

  return {
    async launch(order, { phaseId }) {
      const { phaseKey, limits } = order.spec;
      await store.putOrder(order);
      const key = await config.deploymentKey();
      const gateway = await runTask('gateway', phaseId, phaseKey, {
        DRYDOCK_PHASE_KEY: phaseKey,
        DRYDOCK_GRANT: gatewayGrant(key, phaseKey, clock.now() + limits.timeoutMs + graceMs),
      });
      try {
        const address = await addressOf(gateway);
        await runTask('sandbox', phaseId, phaseKey, {
          DRYDOCK_GATEWAY: `${address}:${config.gatewayPort}`,
          DRYDOCK_TICKET: sandboxTicket(key, phaseKey),
        });
      } catch (error) {
        await stopTasks([gateway], 'the sandbox could not be started');
        throw error;
      }
    },
    async stop(phaseId) {
      await stopTasks(await running(phaseId), 'the phase was stopped');
    },
    isRunning: async (phaseId) => (await running(phaseId)).length > 0,
    calls: (phaseKey) => store.calls(phaseKey),
  };
}

const privateAddress = ({ attachments }: Task): string | undefined =>
  attachments?.flatMap(({ details }) => details ?? []).find(({ name, value }) => name === 'privateIPv4Address' && value)
    ?.value;
