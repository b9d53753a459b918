import type { Finding } from './review.ts';

/** Lines before and after the line of a finding that belong to what it is about. */
const around = 2;

/**
 * Whether a later change acts on a finding: its file has another content and, if it names a line, the lines around it are
 * not there as they were.
 * @param before Content of the file in the reviewed change; undefined if the change did not have the file.
 * @param after Content in the later change; undefined if the file is not in it.
 */
export function actedOn(
  { line }: Pick<Finding, 'line'>,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
) {
  if (before === undefined || after === undefined) return before !== after;
  const [was, is] = [text(before), text(after)];
  if (was === is) return false;
  if (line === undefined) return true;
  const lines = was.split('\n');
  if (line > lines.length) return true;
  const block = lines.slice(Math.max(0, line - 1 - around), line + around).join('\n');
  return !`\n${is}\n`.includes(`\n${block}\n`);
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
