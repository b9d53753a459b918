import { stripHidden } from '../prompt/fence.ts';
import { visible } from '../text/hidden.ts';
import { mayBeCommand } from './may-be-command.ts';
import { readVisibility } from './visible.ts';

/** @internal for its tests */
export const verbs = [
  'status',
  'approve',
  'reject',
  'rework',
  'answer',
  'retry',
  'cancel',
  'tell',
  'run',
  'draft',
] as const;
type Verb = (typeof verbs)[number];

/** A command in a comment. `text`: the rest of its line and the following lines, without hidden characters. */
export interface Command {
  verb: Verb;
  text: string;
}

/** A reply for the author of an invalid command. Plain text that may quote the comment. */
interface CommandFault {
  fault: string;
}

export const isFault = (read: Command | CommandFault): read is CommandFault => 'fault' in read;

/** UTF-16 code units. */
const maxText = 10_000;
/** Longer than any comment that a host accepts. */
const maxBody = 100_000;
const looksLike = /^\/drydock(?=[ \t]|$)/i;
const usage =
  '/drydock status | approve | reject REASON | rework TEXT | answer TEXT | retry | cancel [REASON] | tell TEXT | draft TEXT | run RUNBOOK [NAME=VALUE …]';

/**
 * The command of a comment: `/drydock VERB …` at the start of a line that readers see as the author's own text, outside
 * quotes, code, lists, tables and HTML. Undefined if there is none. A fault if there are several commands, if it is
 * uncertain whether readers see the command, or if the verb is unknown.
 */
export function readCommand(body: string): Command | CommandFault | undefined {
  if (!mayBeCommand(body)) return undefined;
  if (body.length > maxBody) return { fault: `The comment is longer than ${maxBody} characters.` };
  const lines = body.replace(/\r\n?/g, '\n').split('\n');
  const candidates = lines.flatMap((line, at) => (looksLike.test(line) ? [at] : []));
  if (candidates.length === 0) return undefined;
  const { visibilities, open } = readVisibility(lines, candidates);
  const shown = candidates.flatMap((at, i) =>
    visibilities[i] === 'covered' ? [] : [{ at, text: lines[at] ?? '', visibility: visibilities[i] }],
  );
  const [first, ...others] = shown;
  if (first === undefined) {
    return open.length > 0
      ? { fault: `The command is inside <${open.at(-1)}>, which is never closed. Put the command first in a comment.` }
      : undefined;
  }
  if (first.visibility === 'doubtful') {
    return { fault: 'The text above the command may hide or quote it. Put the command first in a comment.' };
  }
  if (others.length > 0) return { fault: 'A comment may contain only one command; write one comment per command.' };
  const following = lines.slice(first.at + 1);
  return parse(first.text.replace(looksLike, ''), following);
}

function parse(line: string, following: string[]): Command | CommandFault {
  const [, word = '', rest = ''] = /^[ \t]*([^ \t]*)(.*)/s.exec(line) ?? [];
  const verb = verbs.find((known) => known === word.toLowerCase());
  if (verb === undefined) {
    const shown = visible(word).slice(0, 40);
    return { fault: `${shown === '' ? 'The command is missing' : `"${shown}" is not a command`}: ${usage}` };
  }
  const takesNoText = verb === 'status' || verb === 'approve' || verb === 'retry';
  if (takesNoText && rest.trim() !== '') {
    // "approve unless …" must not count as an approval.
    return { fault: `/drydock ${verb} takes no text on its line.` };
  }
  if (verb === 'approve' && following.some((line) => line.trim() !== '')) {
    // "approve", and below it "but only if …", must not count as an approval either.
    return {
      fault: '/drydock approve takes no text below it: write it above, or ask for a change with /drydock rework.',
    };
  }
  if (verb === 'run' && rest.trim() === '') return { fault: '/drydock run needs the name of a runbook after it.' };
  const text = stripHidden((verb === 'run' ? [rest] : [rest, ...following]).join('\n')).trim();
  if (text.length > maxText) return { fault: `The text is longer than ${maxText} characters.` };
  if (
    text === '' &&
    (verb === 'reject' || verb === 'rework' || verb === 'answer' || verb === 'tell' || verb === 'draft')
  ) {
    return { fault: `/drydock ${verb} needs ${verb === 'reject' ? 'a reason' : 'a text'} after it.` };
  }
  return { verb, text };
}
