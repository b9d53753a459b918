import { type ChainCheck, checkChain, deploymentChain, type Head, runEnded } from '../../core/audit/chain.ts';
import { mayRead, type ReadScope } from '../../core/review/readers.ts';
import type { RunEvent, RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';

/** What a check of the audit found. */
export interface AuditCheck {
  ok: boolean;
  /** Checked runs, and those of them whose events are all from before the chain. */
  runs: number;
  beforeChain: number;
  /** The first chains that are not what was written, at most a hundred, with the first bad line of each. */
  broken: ChainCheck[];
  /** The chain of the deployment; null for a reader, who does not see it. */
  deployment: ChainCheck | null;
}

const runsAtOnce = 50;
const maxBroken = 100;

/** Checks the chain of one run, or of all that the caller may read, against each other and the chain of the deployment. */
export async function verifyAudit(deps: Deps, run: RunRecord | undefined, scope: ReadScope): Promise<AuditCheck> {
  const stored = await deps.runs.chain(deploymentChain);
  const deployment = checkChain(deploymentChain, stored);
  const ends = endsOf(stored.lines.flatMap((line) => ('fault' in line ? [] : [line])));
  const result: AuditCheck = {
    ok: deployment.ok,
    ...{ runs: 0, beforeChain: 0, broken: [] },
    deployment: scope === undefined ? deployment : null,
  };
  const add = (check: ChainCheck): void => {
    result.runs++;
    if (check.lines === 0 && check.before > 0 && check.ok) result.beforeChain++;
    if (check.ok) return;
    result.ok = false;
    if (result.broken.length < maxBroken) result.broken.push(check);
  };
  const checkOf = async (runId: string, isOver: boolean): Promise<ChainCheck> => {
    const chain = await deps.runs.chain(runId);
    const check = checkChain(runId, chain, ends.get(runId));
    const saysEnd = chain.lines.some((line) => 'seq' in line && line.type === 'ended');
    if (!check.ok || !isOver || !saysEnd || ends.has(runId)) return check;
    const fault = { seq: check.lines, what: 'The chain of the deployment has no line about the end of this run.' };
    return { ...check, ok: false, fault };
  };
  if (run) {
    add(await checkOf(run.runId, isFinal(run.status)));
    return result;
  }
  let before: string | undefined;
  do {
    const page = await deps.runs.page({ limit: runsAtOnce, before, scope, parts: true });
    const checks = [
      ...page.runs.filter((each) => mayRead(scope, each)).map((each) => checkOf(each.runId, isFinal(each.status))),
      ...page.unreadable.map((runId) => checkOf(runId, false)),
    ];
    for (const check of await Promise.all(checks)) add(check);
    before = page.next;
  } while (before !== undefined);
  return result;
}

/** The positions that the deployment's chain has of the chains of runs. */
function endsOf(lines: readonly RunEvent[]): Map<string, Head[]> {
  const ends = new Map<string, Head[]>();
  for (const { type, on, data } of lines) {
    if (type !== runEnded || on === undefined || typeof data?.runId !== 'string') continue;
    ends.set(data.runId, [...(ends.get(data.runId) ?? []), { seq: Number(data.line), hash: on }]);
  }
  return ends;
}
