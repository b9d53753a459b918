// npm run schemas: writes the JSON Schemas of specs and policies, which the package ships for editors, from the zod schemas.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { askTopics } from '../core/ask/names.ts';
import { answerJsonSchema } from '../core/ask/topics.ts';
import { settingsJsonSchema } from '../core/deployment/settings.ts';
import { lessonJsonSchema } from '../core/knowledge/schema.ts';
import { webhookJsonSchema } from '../core/notification/render/webhook.ts';
import { policyJsonSchema } from '../core/policy/schema.ts';
import { runbookJsonSchema } from '../core/runbook/schema.ts';
import { specJsonSchema } from '../core/task-spec/schema.ts';

const schemas: Record<string, object> = {
  'schemas/aws.schema.json': settingsJsonSchema(),
  'schemas/webhook.schema.json': webhookJsonSchema(),
  'schemas/lesson.schema.json': lessonJsonSchema('draft-7'),
  'schemas/policy.schema.json': policyJsonSchema('draft-7'),
  ...Object.fromEntries(askTopics.map((topic) => [`schemas/${topic}.schema.json`, answerJsonSchema(topic)])),
  'schemas/runbook.schema.json': runbookJsonSchema('draft-7'),
  'schemas/spec.schema.json': specJsonSchema('draft-7'),
};

/** Text of each file by its path in the package. */
export const schemaFiles = (): Record<string, string> =>
  Object.fromEntries(Object.entries(schemas).map(([file, schema]) => [file, `${JSON.stringify(schema, null, 2)}\n`]));

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..');
  for (const [file, text] of Object.entries(schemaFiles())) {
    const target = join(root, file);
    mkdirSync(resolve(target, '..'), { recursive: true });
    writeFileSync(target, text);
    console.log(file);
  }
}
