import { visible } from '../../../core/text/hidden.ts';
import type { Output } from '../output.ts';

/** A unified diff in colours. */
export const diffLines = (text: string, output: Output): string[] =>
  text.split('\n').map((line) => coloured(line, output));

function coloured(line: string, output: Output): string {
  // An escape sequence is shown and not removed: a reader of the change has to see it.
  const text = visible(line);
  if (line.startsWith('+++') || line.startsWith('---') || line.startsWith('diff --git '))
    return output.style('bold', text);
  if (line.startsWith('@@')) return output.style('cyan', text);
  if (line.startsWith('+')) return output.style('green', text);
  return line.startsWith('-') ? output.style('red', text) : text;
}
