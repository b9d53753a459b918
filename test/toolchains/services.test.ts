/** Tests that need Postgres and Redis: both run beside them, fresh in baseline, build and verify. */
import { expect, test } from 'vitest';
import { makeRepository } from './world.ts';

/** A table cannot be made, nor a key be set, a second time. */
const tests = `set -e
psql --quiet --host db --username postgres --command 'create table visits (id int)'
test "$(redis-cli -h cache setnx visits 1)" = 1
psql --quiet --host 127.0.0.1 --username postgres --tuples-only --command 'select count(*) from visits'
`;

test('Postgres and Redis by command', async () => {
  const repository = makeRepository({ 'test.sh': tests, 'README.md': 'A project.\n' });
  try {
    await repository.drydock('init', '--as', 'me');
    const spec = `task_id: SERVICES-1
title: Write notes.txt with the word noted
repository: local/project
target_branch: main
output_branch_prefix: agent/services
instructions: |
  Write the file notes.txt in the root of the repository; it holds the word noted and nothing else.
constraints: [Change only AGENTS.md]
success_criteria:
  - {says: the database is reached, run: psql --host db --username postgres --command 'select 1'}
sandbox:
  runtime: "node:24"
  services:
    db:
      command: |
        PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
        initdb --pgdata /tmp/data --username postgres --auth trust --no-sync > /dev/null
        exec postgres -D /tmp/data -k /tmp -c fsync=off
      port: 5432
      ready: {command: /usr/bin/psql --host 127.0.0.1 --username postgres --command 'select 1'}
    cache: {command: redis-server --save "" --port 6379, port: 6379}
  test_command: sh test.sh
budget: {max_usd: 1}
review: {require_human_approval: true, required_reviewers: 1}
`;
    repository.write({ '.agent-tasks/SERVICES-1.yaml': spec });
    const ran = await repository.drydock('run', '.agent-tasks/SERVICES-1.yaml', '--yes', '--json', '--as', 'me');
    expect(ran, `${ran.stderr.slice(-3_000)}${ran.stdout.slice(0, 3_000)}`).toMatchObject({
      code: 0,
      json: { status: 'delivered' },
    });
    const shown = await repository.drydock('show', 'SERVICES-1', '--evidence', '--json');
    const { phases } = shown.json.evidence as { phases: Record<string, { result: { services: unknown[] } }> };
    for (const phase of ['plan', 'build', 'verify'])
      expect(phases[phase]?.result.services).toMatchObject([
        { name: 'db', output: expect.stringContaining('database system is ready to accept connections') },
        { name: 'cache', output: expect.stringContaining('Ready to accept connections') },
      ]);
  } finally {
    repository.remove();
  }
});
