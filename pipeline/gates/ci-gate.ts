import { ciFeedback, ciVerdict, missingCauses } from '../../core/ci/verdict.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { Deps } from '../deps.ts';
import { loadRunContext } from '../runs/run-context.ts';
import { closeGate } from './close-gate.ts';

/** The open CI wait of a run; undefined if there is none. */
export async function openCiGate(deps: Pick<Deps, 'gates'>, runId: string): Promise<Gate | undefined> {
  return (await deps.gates.byRun(runId)).find((gate) => gate.kind === 'ci' && gate.status === 'pending');
}

/**
 * Reads the CI results of the waiting head from the host, and answers the wait if they decide it. A webhook only
 * triggers this read, because its content is not trusted.
 */
export async function answerCiWait(deps: Deps, runId: string): Promise<'green' | 'red' | 'missing' | 'pending'> {
  const gate = await openCiGate(deps, runId);
  if (!gate) return 'pending';
  const context = await loadRunContext(deps, runId);
  const { collaboration } = context.host;
  if (!collaboration) return 'pending';
  const required = context.task.spec.review.ci_gates;
  const all = await collaboration.gateResults(context.location, gate.head, true);
  const { ciApps } = context.task.repository;
  const results = ciApps ? all.filter(({ app }) => app !== undefined && ciApps.includes(app)) : all;
  const verdict = ciVerdict(required, results);
  const close = (outcome: 'green' | 'red' | 'ci-missing', text: string) =>
    closeGate(deps, gate.gateId, outcome, 'CI', text);
  if (verdict.state === 'green') {
    await close('green', required.join(', '));
    return 'green';
  }
  if (verdict.state === 'red') {
    await close('red', ciFeedback(verdict.failed));
    return 'red';
  }
  const silentFor = deps.clock.now() - Date.parse(gate.openedAt);
  if (verdict.missing.length === 0 || silentFor < context.task.limits.ciReportMs) return 'pending';
  await close('ci-missing', verdict.missing.map((name) => missingCauses(name, results, all)).join('\n'));
  return 'missing';
}
