import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrydockError, errorKinds, isErrorName, viewError } from '../../../../core/errors.ts';
import { blobsByPath, changeEntry, changeManifest } from '../../../../core/run/change-set.ts';
import { exitCodeOf, finalStatuses, isFinal, unfinishedStatuses } from '../../../../core/run/status.ts';
import { changeOf, submodule } from '../guard/changes.ts';

describe('the status of a run', () => {
  it('gives the exit code of a command', () => {
    expect(Object.fromEntries([...unfinishedStatuses, ...finalStatuses].map((status) => [status, exitCodeOf(status)]))).toEqual({
      running: 5, waiting: 5, queued: 5, delivered: 0, duplicate: 0, 'dry-run': 0, rejected: 1, failed: 1, cancelled: 1, superseded: 1, 'over-budget': 3,
    }); // biome-ignore format: a table
  });

  it('is final or not, never both', () => {
    expect([finalStatuses.every(isFinal), unfinishedStatuses.some(isFinal)]).toEqual([true, false]);
  });
});

describe('a change set', () => {
  it('gives each file its own bytes, in any order, with and without content', () => {
    const file = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(null), fc.constant(submodule));
    fc.assert(
      fc.property(fc.array(file, { maxLength: 20 }), (files) => {
        const contents = blobsByPath(changeOf(files.map((content, i) => [`${i}`, content])));
        const expected = files.flatMap((content, i) =>
          content instanceof Uint8Array ? [[`${i}`, content] as const] : [],
        );
        expect([...contents].map(([path, bytes]) => [path, [...bytes]])).toEqual(
          expected.map(([path, bytes]) => [path, [...bytes]]),
        );
      }),
    );
  });

  it('knows no other operation, mode, field or size', () => {
    const entry = { op: 'put', path: 'a', mode: '100644', blobSha: 'a'.repeat(40), bytes: 1 };
    expect(changeEntry.safeParse(entry).success).toBe(true);
    for (const wrong of [
      { op: 'move' },
      { mode: '100600' },
      { mode: '040000' },
      { blobSha: 'A'.repeat(40) },
      { bytes: -1 },
      { bytes: 0.5 },
      { path: '' },
      { path: 'a'.repeat(4_097) },
      { extra: 1 },
    ]) {
      expect(changeEntry.safeParse({ ...entry, ...wrong }).success).toBe(false);
    }
    expect(changeEntry.safeParse({ op: 'delete', path: 'a', mode: '100644' }).success).toBe(false);
    expect(changeManifest.safeParse({ base: 'main', entries: [] }).success).toBe(false);
  });
});

describe('errors', () => {
  it('carry name, exit code and remedy of their kind', () => {
    const error = new DrydockError('BudgetExceeded', 'too much', { details: { a: 1 } });
    expect(error).toMatchObject({
      name: 'BudgetExceeded',
      exit: 3,
      retry: 'never',
      details: { a: 1 },
      remedy: errorKinds.BudgetExceeded.remedy,
    });
    expect(viewError(new DrydockError('ToolMissing', 'm', { remedy: 'r' }))).toEqual({
      name: 'ToolMissing',
      message: 'm',
      remedy: 'r',
    });
  });

  it('of others are Internal, and names of objects are not names of errors', () => {
    expect([viewError(new TypeError('x')).name, viewError('x').message]).toEqual(['Internal', 'x']);
    expect(['GuardRefused', 'toString', '__proto__', ''].map(isErrorName)).toEqual([true, false, false, false]);
  });
});
