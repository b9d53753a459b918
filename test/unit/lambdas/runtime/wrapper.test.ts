import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const lambdas = resolve(import.meta.dirname, '../../../../lambdas');
const files = readdirSync(lambdas, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.lambda.ts'));
/** Each of them traces, logs and names errors; see `handler.ts`. */
const wrapped = /^export const handler = (?:stepHandler|withDeps|asHandler)\(/m;

test('every function goes through the common wrapper', () => {
  expect(files.length).toBeGreaterThan(20);
  const bare = files.filter((file) => !wrapped.test(readFileSync(join(lambdas, file), 'utf8')));
  expect(bare).toEqual([]);
});
