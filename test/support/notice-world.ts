import { createHash } from 'node:crypto';
import type { Notice } from '../../core/notification/notice.ts';
import { applyPolicy } from '../../core/policy/merge.ts';
import { type PolicyInput, policySchema } from '../../core/policy/schema.ts';
import type { Messages } from '../../core/ports/runtime/notifier.ts';
import type { Gate } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { parseSpec } from '../../core/task-spec/parse.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { putJson } from '../../pipeline/runs/artifacts.ts';
import type { RunContext } from '../../pipeline/runs/run-context.ts';

const runId = `r-${'a'.repeat(40)}`;
const spec = {
  task_id: 'T-1',
  title: 'Round to even',
  repository: 'acme/app',
  target_branch: 'main',
  output_branch_prefix: 'agent/t-1',
  instructions: 'Round halves to the even neighbour. Add tests.',
  constraints: [],
  success_criteria: ['halves are even'],
  sandbox: { runtime: 'node:24', test_command: 'npm test' },
  review: { require_human_approval: true },
};

/** The stores as far as messages read them: the records are real, what is around them is in memory. */
export async function noticeWorld(
  change: { run?: Partial<RunRecord>; gate?: Partial<Gate>; policy?: Partial<PolicyInput> } = {},
) {
  const blobs = new Map<string, Uint8Array>();
  const artifacts: Deps['artifacts'] = {
    async put(bytes) {
      const digest = createHash('sha256').update(bytes).digest('hex');
      blobs.set(digest, bytes);
      return digest;
    },
    async get(digest) {
      const found = blobs.get(digest);
      if (!found) throw new Error(`no artifact ${digest}`);
      return found;
    },
  };
  const policy = policySchema.parse({
    version: 1,
    people: { lead: { email: 'lead@example.com' }, dev: { email: 'dev@example.com' } },
    repositories: { 'acme/app': { host: 'git', url: '.', team: 'web' } },
    review: { approvers: ['lead'] },
    ...change.policy,
  });
  const read = parseSpec('t.json', Buffer.from(JSON.stringify(spec)));
  const task = read.spec && applyPolicy(read.spec, policy, 'dev').task;
  if (!task) throw new Error(JSON.stringify(read.problems));
  const record = {
    ...{ runId, taskId: 'T-1', title: spec.title, repository: 'acme/app', team: 'web', requester: 'dev', attempt: 1 },
    ...{ dryRun: false, branch: 'agent/t-1', specPath: 't.json', status: 'waiting', state: 'PlanGate' },
    ...{ capMicros: 2_000_000, spentMicros: 100_000, createdAt: '2026-11-27T00:00:00.000Z', durations: {} },
    work: { feedback: [], answers: [], addedConstraints: [], results: {} },
    taskDigest: await putJson(artifacts, task),
    ...change.run,
  } as unknown as RunRecord;
  const gate = {
    ...{
      gateId: `${runId}.plan.1`,
      runId,
      taskId: 'T-1',
      kind: 'plan',
      round: 1,
      head: 'h',
      title: 'Approve the plan',
    },
    ...{ text: '', acceptable: false, approvers: ['lead'], needsPerson: false, requester: 'dev', eligible: ['lead'] },
    ...{ required: 1, solo: false, revisionsLeft: 0, approvals: [], status: 'pending', token: '', delivered: false },
    ...{ openedAt: '2026-11-27T00:00:00.000Z', expiresAt: '2026-11-30T00:00:00.000Z', version: 1 },
    ...change.gate,
  } as Gate;
  record.gate ??= gate.gateId;
  const said: Notice[] = [];
  const comments: string[] = [];
  const clock = { at: Date.parse('2026-11-27T00:00:00.000Z') };
  const host = { collaboration: { comment: async (...[, , , body]: string[]) => void comments.push(body ?? '') } };
  const deps = {
    clock: { now: () => clock.at },
    artifacts,
    runs: { get: async () => record, byTask: async () => [record] },
    gates: { byRun: async () => [gate], get: async () => gate },
    codeHost: () => host,
    notifier: { tell: async () => undefined },
    runLink: () => undefined,
    pageLink: (path: string) => `https://drydock.example${path}`,
  } as unknown as Deps;
  const context = { host, location: 'acme/app', record, task } as unknown as RunContext;
  const messages: Messages = {
    known: async (key) => said.some((notice) => notice.key === key),
    notify: async (notice) => void said.push(notice),
  };
  return { deps, messages, context, record, gate, task, policy, said, comments, clock };
}
