import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyPolicy } from '../../../../core/policy/merge.ts';
import { approversOf, personOf } from '../../../../core/policy/people.ts';
import { type Policy, policySchema } from '../../../../core/policy/schema.ts';
import type { EffectiveTask } from '../../../../core/run/effective-task.ts';
import { parseSpec } from '../../../../core/task-spec/parse.ts';
import type { TaskSpec } from '../../../../core/task-spec/schema.ts';
import { specBytes } from '../task-spec/specs.ts';

const policyOf = (changes: Record<string, unknown> = {}): Policy =>
  policySchema.parse({
    version: 1,
    people: {
      lead: { email: 'Lead@example.com', github: 'lead-gh', slack: 'U012' },
      dev: { email: 'dev@example.com' },
    },
    repositories: {
      'acme/app': {
        host: 'git',
        url: '.',
        team: 'web',
        trusted_branches: ['main', 'release/*'],
        known_failures: ['flaky *'],
      },
      'acme/hub': { host: 'github', installation: 1 },
    },
    egress: { registries: ['npm'], hosts: ['docs.example.com', 'api.example.com'] },
    runtimes: { 'acme/ci:1': `acme/ci@sha256:${'0'.repeat(64)}` },
    ci: { unit: 'npm test' },
    checks: { lint: 'npm run lint' },
    budgets: { web: { sprint_starts: '2026-11-16', sprint_days: 14, limit_usd: 200 } },
    review: { approvers: ['lead'] },
    credentials: { docs: { env: 'DOCS', as: 'bearer' }, other: { env: 'OTHER', as: 'bearer' } },
    mcp: {
      docs: { url: 'https://mcp.example.com/mcp', credential: 'docs', tools: ['read', 'search'] },
      lint: { command: ['node', '/agent/mcp.mjs'], tools: ['run'] },
      unused: { url: 'https://other.example.com/', credential: 'other', tools: ['x'] },
    },
    ...changes,
  });

function specOf(changes: Record<string, unknown> = {}): TaskSpec {
  const { spec, problems } = parseSpec('a.yaml', specBytes(changes));
  if (!spec) throw new Error(JSON.stringify(problems));
  return spec;
}
function taskOf(changes: Record<string, unknown> = {}, policy = policyOf(), requester = 'dev'): EffectiveTask {
  const { task, problems } = applyPolicy(specOf(changes), policy, requester);
  if (!task) throw new Error(JSON.stringify(problems));
  return task;
}
const refusals = (changes: Record<string, unknown>, policy = policyOf(), requester = 'dev') => {
  const { task, problems } = applyPolicy(specOf(changes), policy, requester);
  expect(task === undefined).toBe(problems.length > 0);
  return problems.map(({ name, path }) => `${name} ${path}`);
};

describe('MCP servers', () => {
  const docs = { name: 'docs', url: 'https://mcp.example.com/mcp', credential: 'docs' };

  test('a run has those that spec and policy name, with the tools that both name, and their credentials', () => {
    expect(taskOf().mcp).toBeUndefined();
    const all = taskOf({ sandbox: { mcp: ['docs', 'lint', 'docs'] } });
    expect(all.mcp).toEqual([
      { ...docs, tools: ['read', 'search'] },
      { name: 'lint', command: ['node', '/agent/mcp.mjs'], tools: ['run'] },
    ]);
    expect(all.egress.credentials).toEqual({ docs: { env: 'DOCS', as: 'bearer' } });
    expect(taskOf({ sandbox: { mcp: { docs: ['search', 'search'] } } }).mcp).toEqual([{ ...docs, tools: ['search'] }]);
  });

  test('an agent that takes none is named, with those that do', () => {
    const policy = policyOf({ agents: { profiles: { p: { agent: 'pi', model: 'gpt-5' } } } });
    const { problems } = applyPolicy(specOf({ sandbox: { mcp: ['docs'] } }), policy, 'dev');
    expect(problems).toMatchObject([{ name: 'PolicyRefused', path: 'sandbox.mcp' }]);
    expect(problems[0]?.message).toMatch(/^pi takes no MCP servers\..*codex/);
  });
});

test("R34 what the spec leaves out is the policy's, what it says is kept", () => {
  expect(taskOf({ review: {} })).toMatchObject({
    agent: { name: 'gemini', kind: 'acp', plans: true },
    team: 'web',
    limits: {
      timeoutMs: 3_600_000,
      cpu: 2,
      memoryMb: 4096,
      pids: 512,
      diskMb: 10_240,
      usdMicros: 10_000_000,
      concurrentRuns: 4,
      reworkRounds: 3,
    },
    approvers: ['lead'],
    requiredReviewers: 1,
    planRequired: true,
    egress: { registries: ['npm'], hosts: [] },
    modelsAllow: ['google/*'],
    checks: [{ name: 'lint', command: 'npm run lint' }],
    ci: [],
    solo: false,
  });
  const tighter = taskOf({
    sandbox: { cpu: 0.5, memory_mb: 512, timeout_minutes: 1.5, egress: ['api.example.com'] },
    budget: { max_usd: 0.25 },
    review: { ci_gates: ['unit', 'unit'] },
    known_failures: ['flaky login'],
  });
  expect(tighter).toMatchObject({
    limits: { cpu: 0.5, memoryMb: 512, timeoutMs: 90_000, usdMicros: 250_000 },
    egress: { hosts: ['api.example.com'] },
    ci: [{ name: 'unit', command: 'npm test' }],
    knownFailures: ['flaky login'],
  });
});

describe('R34 what would loosen is refused by name', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ repository: 'acme/other' }, 'UnknownRepository repository'],
    [{ repository: 'constructor' }, 'UnknownRepository repository'],
    [{ target_branch: 'dev' }, 'PolicyRefused target_branch'],
    [{ agent: 'x' }, 'UnknownAgent agent'],
    [{ team: 'other' }, 'PolicyRefused team'],
    [{ sandbox: { runtime: 'acme/other:1' } }, 'UnknownRuntime sandbox.runtime'],
    [{ sandbox: { cpu: 2.1 } }, 'PolicyRefused sandbox.cpu'],
    [{ sandbox: { memory_mb: 4097 } }, 'PolicyRefused sandbox.memory_mb'],
    [{ sandbox: { timeout_minutes: 61 } }, 'PolicyRefused sandbox.timeout_minutes'],
    [{ budget: { max_usd: 10.01 } }, 'PolicyRefused budget.max_usd'],
    [{ review: { require_human_approval: false } }, 'PolicyRefused review.require_human_approval'],
    [{ review: { required_reviewers: 0 } }, 'PolicyRefused review.required_reviewers'],
    [{ review: { required_reviewers: 2 } }, 'QuorumImpossible review.required_reviewers'],
    [{ review: { ci_gates: ['unit', 'scan'] } }, 'UnknownCiGate review.ci_gates.1'],
    [{ sandbox: { egress: ['docs.example.com', 'evil.example.org'] } }, 'PolicyRefused sandbox.egress.1'],
    [{ known_failures: ['flaky a', 'steady'] }, 'PolicyRefused known_failures.1'],
    [{ target_paths: ['src/a.ts', '.github/workflows/ci.yml'] }, 'PolicyRefused target_paths.1'],
    [{ depends_on: ['T-0'] }, 'NotBuiltYet depends_on'],
    [{ sandbox: { services: { db: { image: 'postgres:17', port: 5432 } } } }, 'PolicyRefused sandbox.services.db'],
    [{ sandbox: { mcp: ['docs', 'other'] } }, 'PolicyRefused sandbox.mcp.1'],
    [{ sandbox: { mcp: { other: ['read'] } } }, 'PolicyRefused sandbox.mcp.other'],
    [{ sandbox: { mcp: { docs: ['read', 'drop'] } } }, 'PolicyRefused sandbox.mcp.docs'],
  ])('%j: %s', (changes, expected) => expect(refusals(changes)).toEqual([expected]));

  test('all at once', () => {
    const changes = {
      repository: 'a/b',
      agent: 'x',
      budget: { max_usd: 99 },
      sandbox: { egress: ['x.example.org'] },
      depends_on: ['T-0'],
    };
    expect(refusals(changes)).toEqual([
      'NotBuiltYet depends_on',
      'UnknownRepository repository',
      'UnknownAgent agent',
      'PolicyRefused budget.max_usd',
      'PolicyRefused sandbox.egress.0',
    ]);
  });

  test('a model outside models.allow', () => {
    expect(refusals({}, policyOf({ models: { allow: ['anthropic/*'] } }))).toEqual(['PolicyRefused agent']);
  });

  test("what the policy allows is allowed: a listed runtime, a branch by pattern, a host's own CI", () => {
    expect(taskOf({ sandbox: { runtime: 'acme/ci:1' }, target_branch: 'release/2' }).ci).toEqual([]);
    expect(taskOf({ repository: 'acme/hub', review: { ci_gates: ['anything'] } })).toMatchObject({
      ci: [],
      team: 'default',
    });
    expect(taskOf({ repository: 'acme/hub', team: 'web' }).team).toBe('web');
  });
});

describe('R24 the requester does not count', () => {
  test('an approver who asks needs another one', () => {
    expect(refusals({}, policyOf(), 'lead')).toEqual(['QuorumImpossible review.required_reviewers']);
    expect(refusals({}, policyOf({ review: { approvers: ['lead', 'x@example.com'] } }), 'lead')).toEqual([]);
  });
  test('not under another name either', () => {
    expect(refusals({}, policyOf(), 'LEAD@example.com')).toEqual(['QuorumImpossible review.required_reviewers']);
    expect(refusals({}, policyOf(), 'github:Lead-GH')).toEqual(['QuorumImpossible review.required_reviewers']);
  });
  test('a solo policy lets the requester approve, once', () => {
    const solo = policyOf({ review: { approvers: [], solo: true } });
    expect(taskOf({}, solo, 'me@localhost')).toMatchObject({ solo: true, approvers: ['me@localhost'] });
    expect(refusals({ review: { required_reviewers: 2 } }, solo, 'me@localhost')).toEqual([
      'QuorumImpossible review.required_reviewers',
    ]);
  });
});

describe('R24 people', () => {
  test.each<[string, string | undefined]>([
    ['lead', 'lead'],
    ['lead@EXAMPLE.com', 'lead'],
    ['github:LEAD-gh', 'lead'],
    ['slack:U012', 'lead'],
    ['Stranger@Example.org', 'stranger@example.org'],
    ['root@localhost', 'root@localhost'],
    ['lead-gh', undefined],
    ['github:nobody', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
    ['', undefined],
  ])('%j is %j', (who, expected) => expect(personOf(policyOf(), who)).toBe(expected));

  test('an approver by address is the person who has it, else a person of its own; each counts once', () => {
    const policy = policyOf({ review: { approvers: ['lead', 'LEAD@example.com', 'X@example.com', 'x@example.com'] } });
    expect(approversOf(policy)).toEqual(['lead', 'x@example.com']);
  });
});

test('R34 property: whatever is asked for, a run never gets more than the policy allows', () => {
  const amount = (most: number) => fc.option(fc.integer({ min: 1, max: most }), { nil: undefined });
  fc.assert(
    fc.property(
      fc.record({ cpu: amount(8), memory_mb: amount(9_000), timeout_minutes: amount(200) }),
      amount(30),
      amount(4),
      fc.record({
        cpu: fc.integer({ min: 1, max: 8 }),
        memory_mb: fc.integer({ min: 1, max: 9_000 }),
        usd_per_run: fc.integer({ min: 1, max: 30 }),
      }),
      fc.subarray(['docs.example.com', 'evil.example.org', 'api.example.com']),
      (sandbox, max_usd, required_reviewers, limits, egress) => {
        const policy = policyOf({
          limits,
          review: { approvers: ['a@example.com', 'b@example.com'], required_reviewers: 2 },
        });
        const asked = { sandbox: { ...sandbox, egress }, budget: { max_usd }, review: { required_reviewers } };
        const { task, problems } = applyPolicy(specOf(asked), policy, 'dev');
        const above =
          (sandbox.cpu ?? 0) > limits.cpu ||
          (sandbox.memory_mb ?? 0) > limits.memory_mb ||
          (sandbox.timeout_minutes ?? 0) > 60 ||
          (max_usd ?? 0) > limits.usd_per_run ||
          (required_reviewers ?? 2) !== 2 ||
          egress.includes('evil.example.org');
        expect(problems.length > 0).toBe(above);
        if (!task) return;
        expect(task.limits.cpu).toBe(sandbox.cpu ?? limits.cpu);
        expect(task.limits.usdMicros).toBe((max_usd ?? limits.usd_per_run) * 1_000_000);
        expect(task.limits.memoryMb).toBeLessThanOrEqual(limits.memory_mb);
        expect(task.egress.hosts.every((host) => policy.egress.hosts.includes(host))).toBe(true);
      },
    ),
  );
});
