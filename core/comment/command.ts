import { stripHidden } from '../prompt/fence.ts';
import { mayBeCommand } from './may-be-command.ts';
import { readSight } from './visible.ts';

/** @internal for its tests */
export const verbs = ['status', 'approve', 'reject', 'rework', 'answer', 'retry', 'cancel'] as const;
type Verb = (typeof verbs)[number];

/** What somebody asks for in a comment. `text`: the rest of the line and what follows, without hidden characters. */
export interface Command {
  verb: Verb;
  text: string;
}

/** It looks like a command and is none; said back to whoever wrote it. Plain text, part of it from outside. */
interface CommandFault {
  fault: string;
}

export const isFault = (read: Command | CommandFault): read is CommandFault => 'fault' in read;

/** UTF-16 units. */
const maxText = 10_000;
/** More than a host takes as a comment. */
const maxBody = 100_000;
const looksLike = /^\/drydock(?=[ \t]|$)/i;
const usage = '/drydock status | approve | reject REASON | rework TEXT | answer TEXT | retry | cancel [REASON]';

/**
 * The one command of a comment: `/drydock VERB …` at the start of a line that a reader sees as the writer's own words,
 * not quoted, code, in a list, a table or HTML. Undefined where there is none; a fault where there are several, where it
 * cannot be told whether it is shown, or where it is none of the list.
 */
export function readCommand(body: string): Command | CommandFault | undefined {
  if (!mayBeCommand(body)) return undefined;
  if (body.length > maxBody) return { fault: `The comment is longer than ${maxBody} characters.` };
  const lines = body.replace(/\r\n?/g, '\n').split('\n');
  const asked = lines.flatMap((line, at) => (looksLike.test(line) ? [at] : []));
  if (asked.length === 0) return undefined;
  const { sights, open } = readSight(lines, asked);
  const shown = asked.flatMap((at, i) =>
    sights[i] === 'covered' ? [] : [{ at, text: lines[at] ?? '', sight: sights[i] }],
  );
  const [first, ...others] = shown;
  if (first === undefined) {
    return open.length > 0
      ? { fault: `The command stands inside <${open.at(-1)}>, which is never closed. Put it first in a comment.` }
      : undefined;
  }
  if (first.sight === 'doubtful') {
    return { fault: 'What stands above the command may hide or quote it. Put the command first in a comment.' };
  }
  if (others.length > 0) return { fault: 'A comment is one command; write a comment for each.' };
  const following = lines.slice(first.at + 1);
  return parse(first.text.replace(looksLike, ''), following);
}

function parse(line: string, following: string[]): Command | CommandFault {
  const [, word = '', rest = ''] = /^[ \t]*([^ \t]*)(.*)$/s.exec(line) ?? [];
  const verb = verbs.find((known) => known === word.toLowerCase());
  if (verb === undefined) {
    const said = stripHidden(word).slice(0, 40);
    return { fault: `${said === '' ? 'A command is missing' : `"${said}" is no command`}: ${usage}` };
  }
  const takesNothing = verb === 'status' || verb === 'approve' || verb === 'retry';
  if (takesNothing && rest.trim() !== '') {
    // "approve unless …" is no approval.
    return { fault: `/drydock ${verb} takes nothing after it on its line.` };
  }
  const text = stripHidden([rest, ...following].join('\n')).trim();
  if (text.length > maxText) return { fault: `The text is longer than ${maxText} characters.` };
  if (text === '' && (verb === 'reject' || verb === 'rework' || verb === 'answer')) {
    return { fault: `/drydock ${verb} needs ${verb === 'reject' ? 'a reason' : 'a text'} after it.` };
  }
  return { verb, text };
}
