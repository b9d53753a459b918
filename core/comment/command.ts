import { stripHidden } from '../prompt/fence.ts';
import { mayBeCommand } from './may-be-command.ts';
import { readSight } from './visible.ts';

/** @internal for its tests */
export const verbs = ['status', 'approve', 'reject', 'rework', 'answer', 'retry', 'cancel'] as const;
type Verb = (typeof verbs)[number];

/** The command of a comment. `text`: the rest of its line and the lines below, without invisible characters. */
export interface Command {
  verb: Verb;
  text: string;
}

/** The reason why a comment that looks like a command is invalid, for its author. Plain text, partly untrusted. */
interface CommandFault {
  fault: string;
}

export const isFault = (read: Command | CommandFault): read is CommandFault => 'fault' in read;

/** UTF-16 units. */
const maxText = 10_000;
/** Longer than a host's limit for a comment. */
const maxBody = 100_000;
const looksLike = /^\/drydock(?=[ \t]|$)/i;
const usage = '/drydock status | approve | reject REASON | rework TEXT | answer TEXT | retry | cancel [REASON]';

/**
 * The command of a comment: `/drydock VERB …` at the start of a line that a reader sees as the author's own words, not
 * quoted, in code, a list, a table or HTML. `undefined` if there is none. A fault if there are several, if it is
 * unclear whether the line is shown, or if the verb is unknown.
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
      ? { fault: `The command is inside <${open.at(-1)}>, which is never closed. Put the command first in a comment.` }
      : undefined;
  }
  if (first.sight === 'doubtful') {
    return { fault: 'The text above the command may hide or quote it. Put the command first in a comment.' };
  }
  if (others.length > 0) return { fault: 'A comment may contain one command only; write one comment per command.' };
  const following = lines.slice(first.at + 1);
  return parse(first.text.replace(looksLike, ''), following);
}

function parse(line: string, following: string[]): Command | CommandFault {
  const [, word = '', rest = ''] = /^[ \t]*([^ \t]*)(.*)$/s.exec(line) ?? [];
  const verb = verbs.find((known) => known === word.toLowerCase());
  if (verb === undefined) {
    const said = stripHidden(word).slice(0, 40);
    return { fault: `${said === '' ? 'A command is missing' : `"${said}" is not a valid command`}: ${usage}` };
  }
  const takesNothing = verb === 'status' || verb === 'approve' || verb === 'retry';
  if (takesNothing && rest.trim() !== '') {
    // "approve unless …" is not an approval.
    return { fault: `/drydock ${verb} takes no text on its line.` };
  }
  const text = stripHidden([rest, ...following].join('\n')).trim();
  if (text.length > maxText) return { fault: `The text is longer than ${maxText} characters.` };
  if (text === '' && (verb === 'reject' || verb === 'rework' || verb === 'answer')) {
    return { fault: `/drydock ${verb} needs ${verb === 'reject' ? 'a reason' : 'a text'} after it.` };
  }
  return { verb, text };
}
