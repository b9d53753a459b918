/** Vulnerabilities in the OSV format and licences, over the versions that a change adds to a lock file. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAdvisories } from '../../../../adapters/local/advisories.ts';
import { guardChange } from '../../../../core/guard/guard.ts';
import { type Advisory, advisoriesOf } from '../../../../core/guard/locks/advisories.ts';
import { guardInput } from './changes.ts';

const lock = (version: string, license?: string, name = 'minimist') =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: { '': {}, [`node_modules/${name}`]: { version, integrity: `sha512-${version}`, license } },
  });
const osv = (ecosystem: string, name: string, more: object, id = 'GHSA-xvch-5gv4-984h') =>
  JSON.stringify({
    id,
    summary: 'Prototype pollution',
    modified: '2024-01-01T00:00:00Z',
    affected: [{ package: { ecosystem, name }, ...more }],
  });
const range = (...events: object[]) => ({ ranges: [{ type: 'SEMVER', events }] });
const minimist = osv(
  'npm',
  'minimist',
  range({ introduced: '0' }, { fixed: '0.2.4' }, { introduced: '1.0.0' }, { fixed: '1.2.6' }),
);

const judge = (
  path: string,
  before: string,
  after: string,
  { text = minimist, allowed = [] as string[], denied = [] as string[] } = {},
) => {
  const input = guardInput({ base: before === '' ? {} : { [path]: before }, edits: [[path, after]] });
  const advisories: Advisory[] = advisoriesOf(text) ?? [];
  const dependencies = { allowedAdvisories: allowed, deniedLicenses: denied };
  return guardChange({ ...input, advisories, task: { ...input.task, dependencies } }).map(
    ({ rule, message }) => `${rule}: ${message}`,
  );
};
const found = 'VulnerableDependency: minimist@1.2.5 is affected by GHSA-xvch-5gv4-984h: Prototype pollution';

describe('an affected version that a change adds', () => {
  it.each([
    ['package-lock.json', lock('1.2.5'), minimist],
    [
      'yarn.lock',
      'minimist@^1.2.0:\n  version "1.2.5"\n  resolved "https://registry.yarnpkg.com/minimist.tgz#a"\n',
      minimist,
    ],
    ['pnpm-lock.yaml', 'packages:\n\n  minimist@1.2.5:\n    resolution: {integrity: sha512-a}\n', minimist],
    [
      'poetry.lock',
      '[[package]]\nname = "Minimist"\nversion = "1.2.5"\n',
      osv('PyPI', 'minimist', { versions: ['1.2.5'] }),
    ],
    [
      'Cargo.lock',
      '[[package]]\nname = "minimist"\nversion = "1.2.5"\nchecksum = "a"\n',
      osv('crates.io', 'minimist', range({ introduced: '1.0.0' }, { last_affected: '1.2.5' })),
    ],
    ['go.sum', 'minimist v1.2.5 h1:a\n', osv('Go', 'minimist', range({ introduced: '1.0.0' }))],
  ])('is refused in %s', (path, text, advisory) => {
    expect(judge(path, '', text, { text: advisory }).join().toLowerCase().replace('v1.2.5', '1.2.5')).toBe(
      found.toLowerCase(),
    );
  });

  it.each([
    ['a fixed version', '', lock('1.2.6'), {}],
    ['a version between two affected ranges', '', lock('0.2.4'), {}],
    ['a version that was there', lock('1.2.5'), lock('1.2.5', 'MIT'), {}],
    ['another package', '', lock('1.2.5', undefined, 'minimist2'), {}],
    ['another ecosystem', '', lock('1.2.5'), { text: osv('PyPI', 'minimist', range({ introduced: '0' })) }],
    ['a vulnerability that the policy allows', '', lock('1.2.5'), { allowed: ['GHSA-xvch-5gv4-984h'] }],
    [
      'a vulnerability that was withdrawn',
      '',
      lock('1.2.5'),
      { text: minimist.replace('{"id"', '{"withdrawn":"2024-01-01T00:00:00Z","id"') },
    ],
  ])('is not found in %s', (_, before, after, options) => {
    expect(judge('package-lock.json', before, after, options)).toEqual([]);
  });

  it('counts as affected if its version cannot be compared', () => {
    expect(judge('package-lock.json', '', lock('file:../a'))).toHaveLength(1);
  });
});

it('a licence is what the lock file says', () => {
  expect(judge('package-lock.json', '', lock('1.2.6', 'GPL-3.0-only'), { denied: ['GPL-3.0-only'] })).toEqual([
    'LicenseDenied: minimist@1.2.6 has the licence GPL-3.0-only, which the policy denies',
  ]);
  expect(judge('package-lock.json', '', lock('1.2.6', 'MIT'), { denied: ['GPL-3.0-only'] })).toEqual([]);
});

describe('a folder of vulnerabilities', () => {
  const folder = (files: Record<string, string>): string => {
    const path = mkdtempSync(join(tmpdir(), 'advisories-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  };

  it('is read', async () => {
    const read = await readAdvisories(folder({ 'a.json': minimist, 'README.md': 'x' }));
    expect(read).toMatchObject([{ id: 'GHSA-xvch-5gv4-984h', ecosystem: 'npm', name: 'minimist' }]);
  });

  it.each([
    ['a file that is not JSON', { 'a.json': minimist, 'b.json': '{' }, /b\.json: is not a vulnerability/],
    ['a file of another format', { 'b.json': '{"name":"x"}' }, /b\.json: is not a vulnerability/],
    ['a file that is too large', { 'b.json': ' '.repeat(3 * 1024 * 1024) }, /b\.json: is too large/],
    ['no file', {}, /contains no JSON file/],
  ])('is refused by name for %s', async (_, files, message) => {
    await expect(readAdvisories(folder(files))).rejects.toMatchObject({
      name: 'AdvisoriesUnreadable',
      message: expect.stringMatching(message),
    });
  });

  it('is refused by name if it is not there, or holds a folder in the place of a file', async () => {
    await expect(readAdvisories('/nowhere/at/all')).rejects.toMatchObject({ name: 'AdvisoriesUnreadable' });
    const path = folder({});
    mkdirSync(join(path, 'a.json'));
    await expect(readAdvisories(path)).rejects.toMatchObject({ message: expect.stringContaining('a.json') });
  });
});
