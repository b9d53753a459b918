import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Template {
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
}

/** Both templates, as `npm run synth` writes them. @throws Error with a remedy if they do not exist. */
export function readTemplates(folder: string): Template[] {
  return ['DrydockState', 'Drydock'].map((name) => {
    const file = join(folder, `${name}.template.json`);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Template;
    } catch (error) {
      throw new Error(`${file} cannot be read; run: npm run synth`, { cause: error });
    }
  });
}

export const resourcesOf = (templates: Template[], type: string): Record<string, unknown>[] =>
  templates
    .flatMap(({ Resources }) => Object.values(Resources))
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties ?? {});
