/** Images of services in a policy, and what a spec may make of them. */
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../../core/policy/parse.ts';
import type { Policy } from '../../../../core/policy/schema.ts';
import { lintSpec } from '../../../../core/task-spec/lint/lint.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const policyOf = (services: object): { policy?: Policy; problems: { message: string }[] } =>
  parsePolicy(
    Buffer.from(JSON.stringify({ version: 1, repositories: { 'acme/app': { host: 'git', url: '.' } }, services })),
  );

test('an image alone has the default memory and no folders of its own', () => {
  const { policy } = policyOf({
    'redis:7': `redis@${digest}`,
    db: { image: `pg@${digest}`, user: '999', memory_mb: 64 },
  });
  expect(policy?.services).toEqual({
    'redis:7': { image: `redis@${digest}`, folders: [], memory_mb: 1_024 },
    db: { image: `pg@${digest}`, user: '999', folders: [], memory_mb: 64 },
  });
});

test.each([
  [{ db: 'postgres:17' }],
  [{ db: { image: 'postgres:17' } }],
  [{ db: { image: `x@${digest}`, user: '0' } }],
  [{ db: { image: `x@${digest}`, user: '0:0' } }],
  [{ db: { image: `x@${digest}`, user: 'postgres' } }],
  [{ db: { image: `x@${digest}`, user: '999 --privileged' } }],
  [{ db: { image: `x@${digest}`, folders: ['data'] } }],
  [{ db: { image: `x@${digest}`, folders: ['/a,U=true'] } }],
  [{ db: { image: `x@${digest}`, folders: ['/a:exec'] } }],
  [{ db: { image: `x@${digest}`, folders: ['/a/../etc'] } }],
  [{ db: { image: `x@${digest}`, folders: ['/proc/sys'] } }],
  [{ db: { image: `x@${digest}`, memory_mb: 1 } }],
  [{ db: { image: `x@${digest}`, privileged: true } }],
])('%j is refused', (services) => expect(policyOf(services).problems).not.toEqual([]));

describe('a spec is refused, with its line', () => {
  const { policy } = policyOf({ 'postgres:17': { image: `pg@${digest}`, memory_mb: 512 } });
  const head = `task_id: T-1
repository: acme/app
target_branch: main
output_branch_prefix: agent/t
instructions: Do it.
constraints: [Change only src/a.ts]
sandbox:
  test_command: npm test
  runtime: "node:24"
  package_manager: npm
  services:
`;
  const faults = (services: string[]) =>
    lintSpec('a.yaml', Buffer.from(head + services.join('\n')), {}, policy).problems.filter(
      ({ severity, rule }) => severity === 'error' && rule !== 'QuorumImpossible',
    );
  const lines = head.split('\n').length;

  test.each<[string, string[], number, RegExp]>([
    [
      'the image is not listed',
      ['    db: {image: "mysql:9", port: 5432}'],
      0,
      /does not list the image "mysql:9".*It lists postgres:17/,
    ],
    [
      'the memory is above the policy',
      ['    db:', '      image: postgres:17', '      port: 5432', '      memory_mb: 513'],
      3,
      /513 is above the policy's services\.postgres:17\.memory_mb, 512/,
    ],
    [
      'two services have one image',
      ['    a: {image: "postgres:17", port: 5432}', '    b: {image: "postgres:17", port: 5433}'],
      1,
      /The service a has the image "postgres:17" already.*second name/,
    ],
    [
      'two services have one port',
      ['    a: {image: "postgres:17", port: 5432}', '    b: {command: x, port: 5432}'],
      -1,
      /the same port/,
    ],
  ])('%s', (_name, services, at, message) => {
    const [fault, ...more] = faults(services);
    expect(more).toEqual([]);
    expect(fault?.message).toMatch(message);
    expect(fault?.line).toBe(lines + at);
  });
});
