import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DrydockError, errorKinds, isErrorName, viewError } from '../../../core/errors.ts';

const root = resolve(import.meta.dirname, '../../..');
const comments = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;
/** What only asks for a name: a comparison, a type. */
const asking = /[!=]== '\w+'|\| '\w+'/g;

const code = ['core', 'pipeline', 'gateway', 'sandbox', 'adapters', 'cli', 'web', 'bin']
  .flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((file) => join(root, room, file)),
  )
  .filter((file) => file.endsWith('.ts') && file !== join(root, 'core/errors.ts'))
  .map((file) => readFileSync(file, 'utf8').replace(comments, '').replace(asking, ''))
  .join('\n');

const unused = (names: string[]): string[] => names.filter((name) => !code.includes(`'${name}'`));

describe('error names', () => {
  test('each is thrown, told or set somewhere; a name that nobody uses is found', () => {
    expect(unused(Object.keys(errorKinds))).toEqual([]);
    expect(unused(['BaselineRed', 'BaselinePurple'])).toEqual(['BaselinePurple']);
  });

  test('what a phase ends with is one of them', () => {
    const ends = /PhaseFault\('(\w+)'|type: 'failure', name: '(\w+)'|error: \{ name: '(\w+)'/g;
    const names = [...code.matchAll(ends)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !isErrorName(name))).toEqual([]);
  });

  test('an error shows its name, message and remedy; anything else is a defect', () => {
    const { remedy } = errorKinds.BranchTaken;
    expect(viewError(new DrydockError('BranchTaken', 'main'))).toEqual({
      name: 'BranchTaken',
      message: 'main',
      remedy,
    });
    expect(viewError(new DrydockError('BranchTaken', 'main', { remedy: 'mine' })).remedy).toBe('mine');
    expect(viewError(new TypeError('x'))).toEqual({
      name: 'Internal',
      message: 'x',
      remedy: errorKinds.Internal.remedy,
    });
    expect(isErrorName('toString')).toBe(false);
  });
});
