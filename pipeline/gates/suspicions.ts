import { createHash } from 'node:crypto';
import { suspicious } from '../../core/prompt/suspicious.ts';
import { oneLine } from '../../core/publish/escape.ts';
import { hiddenContent } from '../../core/task-spec/hidden/content.ts';
import { isMarkdown } from '../../core/task-spec/markdown.ts';
import type { Deps } from '../deps.ts';
import { getText } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import type { RunContext } from '../runs/run-context.ts';

/** A text from outside that an agent gets, and who wrote it. */
export interface OutsideText {
  from: string;
  text: string;
}

const eventType = 'suspicious-text';
/** Nobody reads more of them at a gate. */
const maxShown = 20;

const linesOf = ({ from, text }: OutsideText): string[] =>
  suspicious(text).map(({ line, what, excerpt }) => `SuspiciousText: ${from}, line ${line}: ${what}: “${excerpt}”`);

/**
 * Records the suspicious instructions in the texts that an agent is about to get, and what its Markdown spec hides from
 * those who read it displayed (R44). Each is recorded once, and shown at the gates that follow.
 */
export async function recordSuspicions(deps: Deps, context: RunContext, texts: OutsideText[]): Promise<void> {
  const { runId } = context.record;
  const lines = [...(await hiddenInSpec(deps, context)), ...texts.flatMap(linesOf)];
  for (const text of new Set(lines)) {
    const key = createHash('sha256').update(text).digest('hex').slice(0, 32);
    await recordEvent(deps, runId, { key: `suspicious#${key}`, type: eventType, text });
  }
}

async function hiddenInSpec(deps: Deps, { record }: RunContext): Promise<string[]> {
  if (!isMarkdown(record.specPath)) return [];
  const text = await getText(deps.artifacts, record.specDigest);
  return hiddenContent(text).map(({ what, offset, text: hidden }) => {
    const line = text.slice(0, offset).split('\n').length;
    return `HiddenInSpec: ${record.specPath}:${line}: ${what} is not displayed: “${oneLine(hidden).slice(0, 160)}”`;
  });
}

/** What an approver has to see: the suspicions that were recorded, and those in texts that the gate is about. */
export async function suspicionsOf(deps: Deps, runId: string, texts: OutsideText[]): Promise<string[]> {
  const events = (await deps.runs.events(runId)).filter(({ type }) => type === eventType);
  const lines = [...new Set([...texts.flatMap(linesOf), ...events.map(({ text }) => text)])];
  return lines.length > maxShown
    ? [...lines.slice(0, maxShown), `and ${lines.length - maxShown} more in the events of the run`]
    : lines;
}
