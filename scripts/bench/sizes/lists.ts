import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openStores } from '../../../adapters/local/stores/open-stores.ts';
import { soloPolicy } from '../../../core/policy/schema.ts';
import type { Gate } from '../../../core/run/gate.ts';
import type { RunRecord } from '../../../core/run/record.ts';
import type { Deps } from '../../../pipeline/deps.ts';
import { createService } from '../../../pipeline/service/service.ts';
import { createWeb } from '../../../web/app.ts';
import { oneVisitor } from '../../../web/security/request-guard.ts';
import { medians } from '../statistics.ts';

export interface ListFigures {
  runs: number;
  /** Whole answer of the server, compressed bytes included; milliseconds and KB. */
  runsMs: number;
  needsMs: number;
  searchMs: number;
  runsKb: number;
  needsKb: number;
}

const runs = 10_000;
const rounds = 11;
const hex = (i: number, length: number): string => i.toString(16).padStart(length, '0');

const recordOf = (i: number): RunRecord => ({
  runId: `r-${hex(i, 40)}`,
  runKey: hex(i, 64),
  taskId: `SHOP-${i}`,
  repository: `acme/r${i % 7}`,
  team: 'web',
  title: i === 0 ? 'The very first of them' : `Let task number ${i} do what it says`,
  requester: 'dana',
  attempt: 1,
  specPath: '.agent-tasks/t.yaml',
  specBlob: hex(i, 40),
  ...{ specDigest: hex(i, 64), policyDigest: hex(1, 64), taskDigest: hex(i, 64) },
  dryRun: false,
  ...(i % 100 === 0
    ? { status: 'waiting', state: 'PlanGate', gate: `r-${hex(i, 40)}.plan.1` }
    : { status: 'delivered', state: 'Settle' }),
  targetBranch: 'main',
  branch: `agent/t-${i}`,
  capMicros: 2_000_000,
  spentMicros: 123_456,
  tokens: { input: 1, output: 1, cached: 0 },
  work: { feedback: [], answers: [], addedConstraints: [], results: {} },
  durations: {},
  createdAt: new Date(Date.UTC(2026, 0, 1, 0, i)).toISOString(),
  version: 1,
});

const gateOf = ({ runId, taskId, gate }: RunRecord): Gate => ({
  gateId: gate ?? '',
  runId,
  taskId,
  kind: 'plan',
  round: 1,
  head: hex(1, 64),
  title: 'Approve the plan',
  text: 'It mends what is wrong.',
  acceptable: false,
  approvers: ['lead'],
  needsPerson: false,
  requester: 'dana',
  eligible: ['lead'],
  required: 1,
  solo: false,
  revisionsLeft: 1,
  approvals: [],
  status: 'pending',
  token: '',
  delivered: false,
  openedAt: '2026-01-02T00:00:00.000Z',
  expiresAt: '2027-01-02T00:00:00.000Z',
  version: 1,
});

/** The pages of lists over stores of one machine with many runs. */
async function benchLists(): Promise<ListFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-lists-'));
  const { ports, close } = openStores(folder);
  try {
    const all = Array.from({ length: runs }, (_, i) => recordOf(i));
    await Promise.all(all.map((record) => ports.runs.create(record)));
    await Promise.all(all.filter(({ gate }) => gate !== undefined).map((record) => ports.gates.open(gateOf(record))));
    // Lists use the stores only.
    const service = createService(ports as unknown as Deps, () => []);
    const web = createWeb({
      service: () => service,
      authenticate: oneVisitor('lead', new Uint8Array(32)),
      policy: soloPolicy({ id: 'lead', email: 'lead@example.com' }, []),
      now: () => Date.UTC(2026, 1, 1),
    });
    const get = async (path: string): Promise<{ ms: number; kb: number }> => {
      const began = performance.now();
      const answer = await web.request(`http://127.0.0.1${path}`, { headers: { host: '127.0.0.1' } });
      const html = await answer.text();
      if (answer.status !== 200) throw new Error(`${path} is answered with ${answer.status}`);
      return { ms: performance.now() - began, kb: gzipSync(html).length / 1_000 };
    };
    const taken: Record<Exclude<keyof ListFigures, 'runs'>, number>[] = [];
    for (let i = 0; i <= rounds; i++) {
      const [list, needs, search] = [await get('/runs'), await get('/'), await get('/runs?q=very+first')];
      taken.push({ runsMs: list.ms, needsMs: needs.ms, searchMs: search.ms, runsKb: list.kb, needsKb: needs.kb });
    }
    return { runs, ...medians(taken.slice(1)) };
  } finally {
    close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(JSON.stringify(await benchLists()));
