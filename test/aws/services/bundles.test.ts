/** What a function carries and loads: sizes and imports of its bundle. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';

const folder = inject('bundles');
const functions = readdirSync(folder).filter((name) => readdirSync(join(folder, name)).includes('index.mjs'));
const filesOf = (name: string): string[] => readdirSync(join(folder, name)).map((file) => join(folder, name, file));
const bytesOf = (name: string): number => filesOf(name).reduce((sum, file) => sum + statSync(file).size, 0);
/** Modules that a file imports as it is loaded, with those of the files that it imports. */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  const imports = /(?:^|[;}\n])(?:import|export)\b[^;"'()]*?["']([^"']+)["']/g;
  for (const [, from = ''] of readFileSync(file, 'utf8').matchAll(imports)) {
    if (seen.has(from)) continue;
    seen.add(from);
    if (from.startsWith('./')) loadedWith(join(file, '..', from), seen);
  }
  return seen;
}
/** The step itself: its file and all that it can load, at once or later; not the program of the thread. */
function stepOf(name: string): string {
  const texts = new Map<string, string>();
  const read = (file: string): void => {
    if (texts.has(file)) return;
    texts.set(file, readFileSync(join(folder, name, file), 'utf8'));
    for (const [, other = ''] of (texts.get(file) ?? '').matchAll(/["']\.\/([\w-]+\.mjs)["']/g))
      if (other !== 'judge.mjs') read(other);
  };
  read('index.mjs');
  return [...texts.values()].join('');
}
const clientsOf = (name: string): string[] =>
  [...loadedWith(join(folder, name, 'index.mjs'))].filter((from) => from.startsWith('@aws-sdk/')).sort();

describe('the bundles', () => {
  test('are small: half of them at most 250 KB, all at most 1.5 MB', () => {
    const sizes = functions.map(bytesOf).sort((a, b) => a - b);
    expect(sizes.length).toBeGreaterThan(20);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(250_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_500_000);
  });

  test.each([
    [true, ['verify', 'publish', 'review-gate', 'operate', 'pages']],
    [false, ['claim', 'plan', 'build', 'settle-phase', 'reconcile', 'webhook', 'webhook-worker', 'broker']],
  ])('carry the program of the thread if they read changes: %s for %j', (carries, names) => {
    for (const name of names)
      expect([name, readdirSync(join(folder, name)).includes('judge.mjs')]).toEqual([name, carries]);
  });

  const everyStep = ['client-dynamodb', 'client-s3', 'client-secrets-manager', 'lib-dynamodb'];
  test.each([
    ['claim', everyStep],
    ['publish', everyStep],
    ['settle-phase', everyStep],
    ['review-gate', everyStep],
    ['broker', [...everyStep, 'client-sts']],
    ['setup', ['client-secrets-manager']],
    ['rotate', ['client-secrets-manager']],
    ['webhook', ['client-secrets-manager', 'client-sqs']],
  ])('%s loads %j at its start; other clients when it first calls them', (name, clients) => {
    expect(clientsOf(name)).toEqual(clients.map((client) => `@aws-sdk/${client}`).sort());
  });

  test('a step that only counts reviews has no YAML parser', () => {
    // A name within the parser, which the thread that compares changes has: it reads settings of tests.
    expect(stepOf('operate')).toContain('BLOCK_FOLDED');
    for (const name of ['validate', 'plan-gate', 'review-gate', 'claim'])
      expect(stepOf(name)).not.toContain('BLOCK_FOLDED');
  });
});
