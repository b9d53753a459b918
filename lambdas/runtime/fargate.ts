import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Capacity, FargateLauncher } from '../../adapters/aws/phases/launcher.ts';
import { serviceTasks } from '../../adapters/aws/phases/service-tasks.ts';
import { gatewayPort, optional, variable } from '../../common/deployment.ts';
import { DrydockError } from '../../core/errors.ts';
import { later, once } from './once.ts';
import { secrets } from './secrets.ts';
import { clock, phaseStore } from './stores.ts';

/** Launches the tasks of phases. */
export const fargate = once((): FargateLauncher => {
  const list = (name: 'sandboxSubnets' | 'gatewaySubnets'): string[] => variable(name).split(',');
  const config = {
    cluster: variable('cluster'),
    // Some functions stop tasks but never start them.
    get networks() {
      return {
        gateway: { subnets: list('gatewaySubnets'), securityGroup: variable('gatewayGroup') },
        sandbox: { subnets: list('sandboxSubnets'), securityGroup: variable('sandboxGroup') },
      };
    },
    get definitions() {
      return {
        gateway: variable('gatewayTask'),
        sandboxes: JSON.parse(variable('sandboxTasks')) as Record<string, string>,
        services: serviceTasks.parse(JSON.parse(optional('serviceTasks') ?? '{"images":[],"revisions":{}}')),
      };
    },
    get sandboxCapacity() {
      return variable('sandboxCapacity') as Capacity;
    },
    gatewayPort,
    agentFiles: readAgentFiles,
    deploymentKey: () => secrets().text(variable('deployment')),
  };
  return later(async () => {
    const [{ ECSClient }, { createFargateLauncher }] = await Promise.all([
      import('@aws-sdk/client-ecs'),
      import('../../adapters/aws/phases/launcher.ts'),
    ]);
    return createFargateLauncher(new ECSClient({}), phaseStore(), config, clock);
  }, {});
});

/** Deployed files of an agent profile. @throws AgentUnavailable if there are none. */
async function readAgentFiles(profile: string): Promise<Uint8Array> {
  try {
    return await readFile(join(variable('agentFiles'), `${profile}.tar`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new DrydockError('AgentUnavailable', `The files of the profile ${profile} were not deployed.`, {
      remedy: 'Deploy again with the policy that names them.',
    });
  }
}
