import { barFor } from '../../core/prompt/fence.ts';
import { code, escapeMarkdown } from '../../core/publish/escape.ts';
import { type Gate, type GateKind, isWait, type WaitKind } from '../../core/run/gate.ts';
import { visible } from '../../core/text/hidden.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';

/** UTF-16 code units of the gate's text in a comment; the pages and `drydock show` have the whole text. */
const maxText = 20_000;

const answers: Record<Exclude<GateKind, WaitKind>, string[]> = {
  plan: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
  checkpoint: ['/drydock approve', '/drydock reject REASON'],
  question: ['/drydock answer TEXT', '/drydock reject REASON'],
  review: ['/drydock approve', '/drydock rework TEXT', '/drydock reject REASON'],
};

/**
 * Comments the question and the possible answers on the run's pull request, or on the pull request that brought its
 * spec. Once per gate.
 */
export async function announceGate(deps: Deps, context: RunContext, gate: Gate): Promise<void> {
  const { host, location } = context;
  const record = (await deps.runs.get(gate.runId)) ?? context.record;
  // A part has no pull request: its questions are asked where its campaign is discussed.
  const about = record.parent === undefined ? record : await deps.runs.get(record.parent.runId);
  const number = about?.pullRequest?.id ?? about?.origin?.pullRequest ?? about?.conversation;
  if (!host.collaboration || number === undefined || isWait(gate.kind)) return;
  // Bots read the raw text, and orders at the start of its lines: none of these lines starts one.
  const text = visible(gate.text).slice(0, maxText).trim().replace(/^/gm, '│ ');
  const bar = barFor(text, 3);
  const link = deps.runLink(gate.runId);
  const body = [
    `**${escapeMarkdown(`${gate.taskId}: ${gate.title}`)}**`,
    ...(gate.text.trim() === '' ? [] : [`${bar}text\n${text}\n${bar}`]),
    ...(gate.kind === 'review'
      ? [`A review of this pull request is a vote on ${gate.head}: \`Approve\` or \`Request changes\`.`]
      : []),
    `Answer with one of: ${answers[gate.kind].map(code).join(', ')}${link === undefined ? '' : `, or [in the pages](${link})`}.`,
    `Votes needed: ${gate.required} of ${gate.eligible.map((person) => code(person)).join(', ')}.`,
  ].join('\n\n');
  await host.collaboration.comment(location, number, `gate#${gate.gateId}`, body);
}
