import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseSpec } from '../../../core/task-spec/parse.ts';
import { schemaFiles } from '../../../scripts/schemas.ts';

const root = resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const accepts = (file: string): z.ZodType => z.fromJSONSchema(JSON.parse(read(file)));

describe('the JSON Schemas of the package', () => {
  test.each(Object.entries(schemaFiles()))('%s is what `npm run schemas` writes', (file, text) => {
    expect(read(file)).toBe(text);
  });

  test('accept the specs of the corpus that the parser accepts, and reject an unknown field', () => {
    const folder = 'test/unit/core/task-spec/corpus/good';
    const specs = readdirSync(join(root, folder)).filter((name) => name.endsWith('.yaml'));
    expect(specs.length).toBeGreaterThan(0);
    for (const name of specs) {
      const text = read(join(folder, name));
      expect(parseSpec(name, Buffer.from(text)).spec, name).toBeDefined();
      expect(accepts('schemas/spec.schema.json').safeParse(parse(text)).error, name).toBeUndefined();
      expect(accepts('schemas/spec.schema.json').safeParse({ ...parse(text), unknown: 1 }).success).toBe(false);
    }
  });

  test('accept the policies of the documents and the examples, and reject an unknown field', () => {
    const documented = /```yaml\n([\s\S]*?)```/.exec(read('docs/policy.md'))?.[1] ?? '';
    for (const text of [documented, read('examples/aws/drydock.policy.yaml')]) {
      expect(accepts('schemas/policy.schema.json').safeParse(parse(text)).error).toBeUndefined();
      expect(accepts('schemas/policy.schema.json').safeParse({ ...parse(text), unknown: 1 }).success).toBe(false);
    }
  });
});
