import type { PhaseJob, PhaseOrder } from '../../core/ports/runtime/phase-runner.ts';
import type { Deps } from '../deps.ts';

/**
 * Fetches what an order takes to run: the base repository, the key or recorded session of its model, the agent's files.
 * Done where the gateway runs: what comes of it holds secrets.
 * @throws SecretMissing, AgentUnavailable, and what the code host throws.
 */
export async function prepareJob(
  deps: Pick<Deps, 'codeHost' | 'modelAccess' | 'agentFiles'>,
  order: PhaseOrder,
): Promise<PhaseJob> {
  const { spec, inputs, base, model, registries, hosts } = order;
  const host = deps.codeHost(base.host, base.scope);
  const job: PhaseJob = {
    spec,
    inputs,
    baseRepository: await host.exportBase(base.location, base.commit, base.depth),
    registries,
    hosts,
  };
  if (order.agentFiles !== undefined) job.agentFiles = deps.agentFiles(order.agentFiles);
  if (model) {
    const access = await deps.modelAccess(model.provider);
    // A recorded session is a folder with a file per phase and round: each phase has a gateway of its own.
    const [phase, round] = spec.phaseKey.split('/').slice(1);
    job.model = {
      ...model,
      ...access,
      ...(access.session === undefined ? {} : { session: `${access.session}/${phase}-${round}.json` }),
    };
  }
  return job;
}
