import { readYaml, type YamlDocument } from './document.ts';
import { checkSchema } from './issues.ts';
import { splitMarkdown } from './markdown.ts';
import { unfilled, unfilledFields } from './placeholders.ts';
import { specSchema, type TaskSpec } from './schema.ts';
import { secretOffsets } from './secrets.ts';
import { type Fault, isUtf8, type Problem, readText, toProblems } from './text.ts';

export type { TaskSpec } from './schema.ts';
export type { Problem } from './text.ts';

export interface ParsedSpec {
  /** Present when no problem is an error. */
  spec?: TaskSpec;
  problems: Problem[];
  /** As written, where it is text; also of a spec that is refused. */
  taskId?: string;
}

/**
 * The result of reading a spec once: lint finds the places of further problems in it, Submit merges it with the policy.
 */
export interface ReadSpec {
  /** Path as it was given. */
  file: string;
  spec?: TaskSpec;
  taskId?: string;
  text: string;
  faults: Fault[];
  document?: Pick<YamlDocument, 'locate'>;
  /** What is written, before defaults. */
  value?: unknown;
}

/**
 * Parses and checks a task spec, all faults at once.
 * @param file its name decides: `.md` and `.markdown` are Markdown with front matter, everything else is YAML.
 */
export const parseSpec = (file: string, bytes: Uint8Array): ParsedSpec => parsedSpec(readSpec(file, bytes));

/** The public part of a read spec, its faults as problems with lines. */
export function parsedSpec(read: ReadSpec): ParsedSpec {
  return {
    ...(read.spec ? { spec: read.spec } : {}),
    ...(read.taskId === undefined ? {} : { taskId: read.taskId }),
    problems: toProblems(read.text, read.faults),
  };
}

export function readSpec(file: string, bytes: Uint8Array): ReadSpec {
  const { text, faults } = readText(bytes);
  if (text === undefined) return { file, text: '', faults };
  for (const offset of secretOffsets(text)) {
    faults.push({
      rule: 'secret',
      message: 'This looks like a credential; take it out of the spec and revoke it.',
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
    const message = `${String(path[0])}: this is what the template says; write what you mean, or take it out.`;
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

const isMarkdown = (file: string): boolean => /\.(?:md|markdown)$/i.test(file);

/** The front matter with the body as its instructions, and the first heading as its title where it gives none. */
function withBody(yaml: YamlDocument, body: { text: string; start: number }, faults: Fault[]): YamlDocument {
  if (typeof yaml.value !== 'object' || yaml.value === null || Array.isArray(yaml.value)) return yaml;
  const given = yaml.value as Record<string, unknown>;
  if (body.text.trim() === '') return yaml;
  if (Object.hasOwn(given, 'instructions')) {
    const message = 'The body is the instructions; take them out of the front matter.';
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
 * Mends what can be mended without knowing what was meant: scalars that start with a reserved character (`@scope/name`)
 * are put in quotes. Undefined when there is nothing to mend.
 */
export function fixSpec(file: string, bytes: Uint8Array): Uint8Array | undefined {
  const { text } = readText(bytes);
  if (text === undefined || !isUtf8(bytes)) return undefined;
  const parts = isMarkdown(file) ? splitMarkdown(text) : { yaml: text, start: 0 };
  if ('fault' in parts) return undefined;
  const { unquoted } = readYaml(parts.yaml, parts.start);
  if (unquoted.length === 0) return undefined;
  let mended = text;
  for (const { start, end } of [...unquoted].sort((a, b) => b.start - a.start)) {
    mended = `${mended.slice(0, start)}${quote(mended.slice(start, end))}${mended.slice(end)}`;
  }
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? '\ufeff' : '';
  return new TextEncoder().encode(mark + mended);
}

/** Double quotes as people write them; single ones where an escape would be needed. */
const quote = (scalar: string): string => (/["\\]/.test(scalar) ? `'${scalar.replaceAll("'", "''")}'` : `"${scalar}"`);
