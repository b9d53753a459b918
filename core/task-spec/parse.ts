import { defined } from '../defined.ts';
import { findSecrets } from '../secrets/known-secrets.ts';
import { readYaml, type YamlDocument } from './document.ts';
import { checkSchema } from './issues.ts';
import { isMarkdown, splitMarkdown } from './markdown.ts';
import { unfilled, unfilledFields } from './placeholders.ts';
import { specSchema, type TaskSpec } from './schema.ts';
import { type Fault, isUtf8, type Problem, readText, toProblems } from './text.ts';

export type { TaskSpec } from './schema.ts';
export type { Problem } from './text.ts';

export interface ParsedSpec {
  /** Present when no problem is an error. */
  spec?: TaskSpec;
  problems: Problem[];
  /** The task id as written, if it is text; present for an invalid spec too. */
  taskId?: string;
}

/** The result of reading a spec once: lint locates further problems in it, Submit merges it with the policy. */
export interface ReadSpec {
  /** Path as given by the caller. */
  file: string;
  spec?: TaskSpec;
  taskId?: string;
  text: string;
  faults: Fault[];
  document?: Pick<YamlDocument, 'locate'>;
  /** The data as written, without defaults. */
  value?: unknown;
}

/**
 * Parses and checks a task spec; reports all problems at once.
 * @param file `.md` and `.markdown` are Markdown with front matter, every other name is YAML.
 */
export const parseSpec = (file: string, bytes: Uint8Array): ParsedSpec => parsedSpec(readSpec(file, bytes));

/** The public part of a spec that was read; its faults become problems with lines. */
export function parsedSpec(read: ReadSpec): ParsedSpec {
  return {
    ...(read.spec ? { spec: read.spec } : {}),
    ...defined({ taskId: read.taskId }),
    problems: toProblems(read.text, read.faults),
  };
}

export function readSpec(file: string, bytes: Uint8Array): ReadSpec {
  const { text, faults } = readText(bytes);
  if (text === undefined) return { file, text: '', faults };
  for (const { offset } of findSecrets(text)) {
    faults.push({
      rule: 'secret',
      message: 'This looks like a credential; remove it from the spec and revoke it.',
      offset,
    });
  }
  const parts = isMarkdown(file) ? splitMarkdown(text) : { yaml: text, start: 0 };
  if ('fault' in parts) return { file, text, faults: [...faults, parts.fault] };

  const yaml = readYaml(parts.yaml, parts.start);
  faults.push(...yaml.faults);
  const document = 'body' in parts ? withBody(yaml, parts.body, faults) : yaml;
  const { data, faults: found } = checkSchema(specSchema, document, document.value);
  faults.push(...found);
  for (const path of data ? unfilledFields(data) : []) {
    const message = `${String(path[0])}: this is the text of the template; replace or remove it.`;
    faults.push({ rule: unfilled, message, offset: document.locate(path) });
  }
  const taskId = (document.value as { task_id?: unknown } | null | undefined)?.task_id;
  return {
    file,
    text,
    faults,
    document,
    value: document.value,
    ...(typeof taskId === 'string' ? { taskId } : {}),
    ...(data && faults.every((fault) => fault.severity === 'warning') ? { spec: data } : {}),
  };
}

/** The front matter with the body as `instructions`, and the first heading as `title` if it has none. */
function withBody(yaml: YamlDocument, body: { text: string; start: number }, faults: Fault[]): YamlDocument {
  if (typeof yaml.value !== 'object' || yaml.value === null || Array.isArray(yaml.value)) return yaml;
  const given = yaml.value as Record<string, unknown>;
  if (body.text.trim() === '') return yaml;
  if (Object.hasOwn(given, 'instructions')) {
    const message = 'The body is the instructions; remove `instructions` from the front matter.';
    faults.push({ rule: 'instructions-twice', message, offset: yaml.locate(['instructions'], true) });
  }
  const heading = /^#[ \t]+(\S[^\n]{0,198})$/m.exec(body.text)?.[1]?.trim();
  const value = {
    ...given,
    instructions: body.text.trim(),
    ...(heading && !Object.hasOwn(given, 'title') ? { title: heading } : {}),
  };
  return {
    ...yaml,
    value,
    locate: (path, key) => (path[0] === 'instructions' ? body.start : yaml.locate(path, key)),
  };
}

/**
 * Fixes the problems that have only one possible fix: scalars that start with a reserved character (`@scope/name`) are
 * put in quotes. Undefined when there is nothing to fix.
 */
export function fixSpec(file: string, bytes: Uint8Array): Uint8Array | undefined {
  const { text } = readText(bytes);
  if (text === undefined || !isUtf8(bytes)) return undefined;
  const parts = isMarkdown(file) ? splitMarkdown(text) : { yaml: text, start: 0 };
  if ('fault' in parts) return undefined;
  const { unquoted } = readYaml(parts.yaml, parts.start);
  if (unquoted.length === 0) return undefined;
  let fixed = text;
  for (const { start, end } of [...unquoted].sort((a, b) => b.start - a.start)) {
    fixed = `${fixed.slice(0, start)}${quote(fixed.slice(start, end))}${fixed.slice(end)}`;
  }
  const byteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? '\ufeff' : '';
  return new TextEncoder().encode(byteOrderMark + fixed);
}

/** Double quotes by default; single quotes if double quotes would need an escape. */
const quote = (scalar: string): string => (/["\\]/.test(scalar) ? `'${scalar.replaceAll("'", "''")}'` : `"${scalar}"`);
