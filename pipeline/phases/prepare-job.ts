import type { SubmoduleBase } from '../../core/ports/host/code-host.ts';
import type { PhaseJob, PhaseOrder } from '../../core/ports/runtime/phase-runner.ts';
import type { Deps } from '../deps.ts';
import { grantRules } from './grant-rules.ts';

/**
 * Turns an order into a job: fetches the base repository, the key or recorded session of its model, and the agent's
 * files. Runs in the process of the gateway, because the job contains secrets.
 * @throws SecretMissing, AgentUnavailable, and the errors of the code host.
 */
export async function prepareJob(
  deps: Pick<Deps, 'codeHost' | 'modelAccess' | 'credential' | 'agentFiles'>,
  order: PhaseOrder,
): Promise<PhaseJob> {
  const { spec, inputs, base, model, registries, hosts } = order;
  const host = deps.codeHost(base.host, base.scope);
  const submodules: SubmoduleBase[] = [];
  for (const { host, scope, location, commit } of base.submodules ?? []) {
    const path = await deps.codeHost(host, scope).exportBase(location, commit, 1);
    submodules.push({ commit, path });
  }
  const job: PhaseJob = {
    spec,
    inputs,
    baseRepository: await host.exportBase(base.location, base.commit, base.depth, submodules),
    registries,
    hosts,
  };
  if (order.egress !== undefined) job.egress = await grantRules(order.egress, deps.credential);
  if (order.agentFiles !== undefined) job.agentFiles = deps.agentFiles(order.agentFiles);
  if (model) {
    const access = await deps.modelAccess(model.provider, model.endpoint);
    // A recorded session has one file per phase and round, because each phase has its own gateway; each part of a campaign
    // has a folder of its own.
    const [phase, round] = spec.phaseKey.split('/').slice(1);
    const part = spec.taskId.split('/')[1];
    const folder = part === undefined ? access.session : `${access.session}/${part}`;
    job.model = {
      ...model,
      ...access,
      ...(access.session === undefined ? {} : { session: `${folder}/${phase}-${round}.json` }),
    };
  }
  return job;
}
