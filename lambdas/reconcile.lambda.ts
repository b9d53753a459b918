import { isFinal } from '../core/run/record.ts';
import { createHooks } from '../pipeline/hooks/hooks.ts';
import { reconcile } from '../pipeline/reconcile.ts';
import { credentials, gitHubAccess } from './compose.ts';
import { withDeps } from './handler.ts';
import { operatorPolicy } from './operator-policy.ts';

/** Every few minutes: what no event told, credentials that nobody needs any more, and specs that no webhook brought. */
export const handler = withDeps(async (deps) => {
  const runs = await reconcile(deps);
  const access = await gitHubAccess();
  for (const owner of await credentials().owners()) {
    const run = await deps.runs.get(owner);
    if (owner.startsWith('r-') ? !run || isFinal(run.status) : true) await access.release(owner);
  }
  const specs = await createHooks(deps, operatorPolicy).sweep();
  const told = { runs, specs };
  process.stdout.write(`${JSON.stringify(told)}\n`);
  return told;
});
