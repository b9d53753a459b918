import { describe, expect, test } from 'vitest';
import { parseSpec } from '../../../../core/task-spec/parse.ts';
import { specBytes } from './specs.ts';

const problemsOf = (services: unknown): string[] =>
  parseSpec('a.yaml', specBytes({ sandbox: { services } })).problems.map(({ message }) => message);

describe('services of a spec', () => {
  test.each([
    [{ db: { command: 'postgres', port: 5432 } }],
    [
      {
        db: { image: 'postgres:17', port: 5432, env: { POSTGRES_PASSWORD: 'test' }, ready: { command: 'pg_isready' } },
      },
    ],
    [{}],
  ])('%j is valid', (services) => expect(problemsOf(services)).toEqual([]));

  test.each([
    [{ Db: { command: 'x', port: 5432 } }, 'small letters'],
    [{ localhost: { command: 'x', port: 5432 } }, 'is taken'],
    [{ db: { command: 'x', port: 80 } }, '1024'],
    [{ db: { command: 'x', port: 8787 } }, 'is used by the sandbox'],
    [{ a: { command: 'x', port: 5432 }, b: { command: 'y', port: 5432 } }, 'the same port'],
    [{ db: { command: 'x', port: 5432, env: { DB_PASSWORD: 'kd83kdk20dkd' } } }, 'looks like a secret'],
    [{ db: { command: 'x', port: 5432, memory_mb: 512 } }, 'memory_mb'],
    [{ db: { image: 'http://x', port: 5432 } }, 'runtime such as'],
    [['postgres:17'], 'map'],
    [
      {
        a: { image: 'x', port: 5432, env: { A: 'x'.repeat(3_500) } },
        b: { image: 'y', port: 5433, env: { B: 'x'.repeat(3_500) } },
      },
      '6000 characters',
    ],
  ])('%j is refused: %s', (services, expected) => expect(problemsOf(services).join('\n')).toContain(expected));

  test('a service has the faults of the form that it is closest to', () =>
    expect(problemsOf({ db: { image: 'postgres:17', prot: 5432 } })).toEqual([
      '"sandbox.services.db.port" is missing.',
      '"sandbox.services.db.prot" is not a known field. Did you mean "port"?',
    ]));
});
