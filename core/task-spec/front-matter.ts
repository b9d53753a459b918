import type { z } from 'zod';
import { findSecrets } from '../secrets/known-secrets.ts';
import { readYaml, type YamlDocument } from './document.ts';
import { checkSchema } from './issues.ts';
import { splitMarkdown } from './markdown.ts';
import { type Fault, readText } from './text.ts';

/** A Markdown file whose front matter was read and checked. */
export interface ReadFrontMatter<T> {
  text: string;
  faults: Fault[];
  /** Absent if the front matter has faults of its own. */
  data?: T;
  /** The front matter as written, without defaults. */
  value?: unknown;
  document?: Pick<YamlDocument, 'locate' | 'reported'>;
  body: { text: string; start: number };
}

/**
 * Reads a Markdown file with front matter, as lessons and runbooks are: bounded, UTF-8, without hidden characters and
 * credentials; reports all faults at once.
 * @param what What the file is, for messages.
 */
export function readFrontMatter<T extends z.ZodType>(
  bytes: Uint8Array,
  schema: T,
  what: string,
): ReadFrontMatter<z.output<T>> {
  const { text, faults } = readText(bytes);
  const none = { text: '', start: 0 };
  if (text === undefined) return { text: '', faults, body: none };
  for (const { offset } of findSecrets(text)) {
    const message = `This looks like a credential; remove it from the ${what} and revoke it.`;
    faults.push({ rule: 'secret', message, offset });
  }
  const parts = splitMarkdown(text, what);
  if ('fault' in parts) return { text, faults: [...faults, parts.fault], body: none };
  const document = readYaml(parts.yaml, parts.start);
  const { data, faults: found } = checkSchema(schema, document, document.value);
  faults.push(...document.faults, ...found);
  return {
    text,
    faults,
    ...(data === undefined || document.faults.length > 0 ? {} : { data }),
    value: document.value,
    document,
    body: parts.body,
  };
}
