/** What a pull request with new specs is answered, and to whom. */
import { expect, test } from 'vitest';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import type { CheckReport } from '../../../../core/ports/host/collaboration.ts';
import type { HostEvent } from '../../../../core/ports/host/host-event.ts';
import type { Deps } from '../../../../pipeline/deps.ts';
import type { HostedRepository } from '../../../../pipeline/repository/hosted-repository.ts';
import { previewSpecs } from '../../../../pipeline/webhooks/on-pull-request.ts';

const { policy } = parsePolicy(
  Buffer.from(`version: 1
people: {lead: {email: lead@corp.example, github: lead-gh}}
repositories: {acme/app: {host: github, team: secretteam}}
agents: {profiles: {secretagent: {kind: command, command: [node, a.mjs]}}}
egress: {hosts: [internal.example]}
limits: {usd_per_run: 7}
review: {approvers: [lead, second@corp.example]}
budgets: {secretteam: {sprint_starts: 2026-11-16, sprint_days: 14, limit_usd: 123}}
`),
);
const spec = (more = '') => `task_id: FIX-1
repository: acme/app
target_branch: main
output_branch_prefix: agent/fix
instructions: Make add in src/math.js add its arguments.
constraints: [Change only src/math.js]
${more}`;

async function previewOf(files: Record<string, { text?: string; bytes?: number }>, fork: boolean) {
  const reports: CheckReport[] = [];
  const reads: string[] = [];
  const base = 'b'.repeat(40);
  const hosted = {
    policy,
    repository: 'acme/app',
    trustedBranches: ['main'],
    location: 'acme/app',
    host: {
      listTree: async (_: string, commit: string) =>
        new Map(
          commit === base
            ? []
            : Object.entries(files).map(([path, { text = '', bytes = text.length }]) => [
                `.agent-tasks/${path}`,
                { mode: '100644', blobSha: path, bytes },
              ]),
        ),
      readFile: async (_: string, __: string, path: string) => {
        reads.push(path);
        return Buffer.from(files[path.slice('.agent-tasks/'.length)]?.text ?? '');
      },
    },
    collaboration: { reportCheck: async (_: string, report: CheckReport) => void reports.push(report) },
  } as unknown as HostedRepository;
  const deps = {
    clock: { now: () => Date.parse('2026-11-20') },
    ledger: { budget: async () => undefined },
  } as unknown as Deps;
  const event: Extract<HostEvent, { kind: 'pull-request' }> = {
    ...{ kind: 'pull-request', repository: 'acme/app', sender: { login: 'x', bot: false } },
    ...{ number: '1', head: 'a'.repeat(40), target: 'main', base, fork },
  };
  await previewSpecs(deps, hosted, event);
  const [report] = reports;
  return { report, text: JSON.stringify(report), reads };
}

const secrets = ['secretteam', 'secretagent', 'corp.example', 'internal.example', '$123', '$7'];

test('a pull request of the repository is told cost, agent, budget and reviewers', async () => {
  const { text, report } = await previewOf({ 'a.yaml': { text: spec() } }, false);
  expect(report?.state).toBe('success');
  for (const secret of ['secretteam', 'secretagent', 'second@']) expect(text).toContain(secret);
});

test.each([
  ['that is valid', spec()],
  ['that names a host', spec('sandbox: {egress: [other.example]}')],
  ['that asks for more money', spec('budget: {max_usd: 1000}')],
  ['that names an agent', spec('agent: other')],
  ['that names a team', spec('team: other')],
  ['that is invalid', spec('unknown: true')],
])('a fork with a spec %s learns nothing of the policy', async (_, text) => {
  const { text: told, report } = await previewOf({ 'a.yaml': { text } }, true);
  for (const secret of secrets) expect(told).not.toContain(secret);
  expect(report?.state).toBe(text.includes('unknown') ? 'failure' : 'success');
});

test('a file that is larger than any spec is not read', async () => {
  const { report, reads } = await previewOf(
    { 'large.yaml': { bytes: 100_000_000 }, 'small.yaml': { text: spec() } },
    false,
  );
  expect(reads).toEqual(['.agent-tasks/small.yaml']);
  expect(report?.annotations).toContainEqual({
    ...{ path: '.agent-tasks/large.yaml', line: 1, level: 'failure' },
    message: 'The file has 100000000 bytes; the limit is 262144.',
  });
});

test('the specs of a fork are read up to a limit in all', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`${i}.yaml`, { text: spec(`# ${'x'.repeat(9_000)}\n`) }]),
  );
  const { reads, text } = await previewOf(files, true);
  expect(reads).toHaveLength(7);
  expect(text.match(/Not previewed/g)).toHaveLength(2);
  expect((await previewOf(files, false)).reads).toHaveLength(9);
});
