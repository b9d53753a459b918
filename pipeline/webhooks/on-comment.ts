import type { Command } from '../../core/comment/command.ts';
import { DrydockError, isRefusal } from '../../core/errors.ts';
import { formatUsd } from '../../core/money/format.ts';
import { personOfAccount } from '../../core/policy/people.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { code, escapeMarkdown } from '../../core/publish/escape.ts';
import { mustActOnRun } from '../../core/review/may-act.ts';
import { voteForNumber } from '../../core/review/option.ts';
import { type Gate, isWait } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import { isFinal } from '../../core/run/status.ts';
import { retryRun } from '../commands/retry.ts';
import { tellRun } from '../commands/tell.ts';
import type { Deps } from '../deps.ts';
import { decideGate } from '../gates/decide-gate.ts';
import { stopRun } from '../lifecycle/stop-run.ts';
import { type HostedRepository, mayWrite } from '../repository/hosted-repository.ts';
import { loadTask } from '../runs/run-context.ts';
import { fireCommand } from '../triggers/on-issue.ts';
import { draftByComment } from './draft-comment.ts';
import { runOfPullRequest } from './on-review.ts';
import { done, type HookOutcome, ignored, refused } from './outcome.ts';

type Comment = Extract<HostEvent, { kind: 'comment' }>;

/**
 * Handles `/drydock …` in the conversation of a pull request, and replies there. An account without any permission gets
 * no reply, so that strangers cannot make the app write comments.
 */
export async function onComment(deps: Deps, hosted: HostedRepository, event: Comment): Promise<HookOutcome> {
  // Loaded for comments only: the Markdown parser takes as long to load as all other packages of a run.
  const { isFault, readCommand } = await import('../../core/comment/command.ts');
  const command = readCommand(event.body);
  if (!command) return ignored('no command');
  const { sender } = event;
  const person = sender.bot ? undefined : personOfAccount(hosted.policy, sender);
  const stranger = await mayWrite(hosted, sender);
  if (stranger !== undefined && person === undefined) return refused(stranger);
  const answer = (text: string) =>
    hosted.collaboration.comment(
      hosted.location,
      event.number,
      `comment#${event.commentId}`,
      `@${sender.login} ${text}`,
    );
  const no = async (reason: string, remedy = ''): Promise<HookOutcome> => {
    await answer(`${escapeMarkdown(reason)} ${escapeMarkdown(remedy)}`.trim());
    return refused(`${sender.login}: ${reason}`);
  };
  if (stranger !== undefined) return no(stranger);
  if (isFault(command)) return no(command.fault);
  const { verb, text } = command;
  if (verb === 'run' || verb === 'draft') {
    if (person === undefined) return no(unknownPerson(sender.login), unknownRemedy);
    try {
      if (verb === 'draft') {
        await answer(await draftByComment(deps, hosted, event, { text, person }));
        return done(`${sender.login}: /drydock draft`);
      }
      const fired = await fireCommand(deps, hosted, { text, person, commentId: event.commentId });
      await answer(escapeMarkdown(`${fired.reason}.`));
      return fired;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return no(`${error.name}: ${error.message}`, error.remedy);
    }
  }
  const run = await runOfPullRequest(deps, hosted, event.number);
  if (event.issue && !run) return ignored('a comment on an issue');
  if (!run) return no('This pull request does not belong to a run.');
  if (command.verb !== 'status' && person === undefined) {
    return no(unknownPerson(sender.login), unknownRemedy);
  }
  try {
    const reply = await carryOut(deps, hosted, run, { verb, text }, person ?? '', event);
    await answer(reply);
    return done(`${sender.login}: /drydock ${command.verb} on ${run.taskId}`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return no(`${error.name}: ${error.message}`, error.remedy);
  }
}

const unknownPerson = (login: string): string => `The policy does not know ${login}.`;
const unknownRemedy = 'The operator lists people under `people:` in the policy.';

async function carryOut(
  deps: Deps,
  hosted: HostedRepository,
  run: RunRecord,
  command: Command & { verb: Exclude<Command['verb'], 'run' | 'draft'> },
  person: string,
  event: Comment,
): Promise<string> {
  switch (command.verb) {
    case 'status':
      return statusOf(run);
    case 'cancel': {
      mustActOnRun(person, run, await loadTask(deps, run), `cancel ${run.taskId}`);
      const reason = command.text || 'cancelled in a comment';
      await stopRun(deps, run.runId, { as: 'Cancelled', by: person, reason }, 'github');
      return `cancelled ${code(run.runId)}.`;
    }
    case 'tell': {
      const { run: to, text } = await remarkedPart(deps, run, command.text);
      const { reaches } = await tellRun(deps, to, { text, by: person, now: false, key: `comment#${event.commentId}` });
      return reaches === 'agent' ? 'the agent gets it with its next turn.' : 'the next phase with an agent gets it.';
    }
    case 'retry': {
      const { runId } = await retryRun(deps, run, hosted.policy, person);
      await deps.runLinks.link(hosted.repository, `pull:${event.number}`, runId);
      return `started ${code(runId)}.`;
    }
    default: {
      const { gate, text } = await openGateOf(deps, run, event, command.text);
      const choices = { approve: 'approve', reject: 'reject', rework: 'revise', answer: 'answer' } as const;
      const numbered = command.verb === 'answer' ? voteForNumber(gate, text) : undefined;
      const after = await decideGate(deps, {
        gateId: gate.gateId,
        person,
        ...(numbered ?? { choice: choices[command.verb], text }),
        head: gate.head,
        channel: 'github',
      });
      const missing = after.required - after.approvals.length;
      return after.status === 'decided'
        ? `${escapeMarkdown(gate.title)}: ${after.decision?.outcome}${numbered ? `: ${escapeMarkdown(numbered.text)}` : ''}.`
        : `${escapeMarkdown(gate.title)}: counted; ${missing} more ${missing === 1 ? 'vote is' : 'votes are'} needed.`;
    }
  }
}

/** The run that a text is for: that of a part of a campaign which it begins with, as in `b: TEXT`, or the run itself. */
async function remarkedPart(deps: Deps, run: RunRecord, text: string): Promise<{ run: RunRecord; text: string }> {
  const [all = '', id = ''] = /^([\w-]+):\s+/.exec(text) ?? [];
  const parts = run.campaign?.parts ?? {};
  const part = Object.hasOwn(parts, id) ? await deps.runs.get(parts[id]?.runId ?? '') : undefined;
  return part ? { run: part, text: text.slice(all.length) } : { run, text };
}

/**
 * The gate that a comment answers. A gate that opened after the comment is refused, because its author did not see it.
 */
async function openGateOf(
  deps: Deps,
  run: RunRecord,
  event: Comment,
  given: string,
): Promise<{ gate: Gate; text: string }> {
  const { gate, text } = await gateAndText(deps, run, given);
  if (!gate)
    throw new DrydockError('GateNotFound', `${run.taskId} does not wait for a person; it is ${run.status}.`, {
      remedy: '',
    });
  // The times of the host are in whole seconds.
  if (Date.parse(event.at) < Math.floor(Date.parse(gate.openedAt) / 1000) * 1000) {
    throw new DrydockError('VoteRefused', `The comment is older than the open gate: ${gate.title}.`, {
      remedy: 'Read the gate, and comment again.',
    });
  }
  return { gate, text };
}

/**
 * The open gate of a run, or of one of its parts: if several wait, the text begins with the part, as in `b: TEXT`.
 * @throws VoteRefused if it does not.
 */
async function gateAndText(
  deps: Deps,
  run: RunRecord,
  text: string,
): Promise<{ gate: Gate | undefined; text: string }> {
  const open = async (runId: string): Promise<Gate | undefined> =>
    (await deps.gates.byRun(runId)).find(({ kind, status }) => !isWait(kind) && status === 'pending');
  const own = await open(run.runId);
  if (own) return { gate: own, text };
  const waiting = new Map<string, Gate>();
  for (const [id, part] of Object.entries(run.campaign?.parts ?? {})) {
    const gate = part.status === 'running' ? await open(part.runId) : undefined;
    if (gate) waiting.set(id, gate);
  }
  const colon = text.indexOf(':');
  const chosen = waiting.get(text.slice(0, Math.max(0, colon)).trim());
  if (chosen) return { gate: chosen, text: text.slice(colon + 1).trim() };
  const [only] = waiting.values();
  if (waiting.size <= 1) return { gate: only, text };
  throw new DrydockError('VoteRefused', `Several parts wait: ${[...waiting.keys()].join(', ')}.`, {
    remedy: 'Begin the text with the part, such as `/drydock answer b: TEXT`.',
  });
}

function statusOf(run: RunRecord): string {
  const lines = [
    `${code(run.taskId)} is **${run.status}**${isFinal(run.status) ? '' : `, in ${run.state}`}; spent ${formatUsd(run.spentMicros)} of ${formatUsd(run.capMicros)}.`,
    ...(run.error ? [escapeMarkdown(`${run.error.name}: ${run.error.message.slice(0, 1_000)}`)] : []),
    ...(run.gate === undefined ? [] : [`Open gate: ${code(run.gate)}.`]),
    `Run ${code(run.runId)}.`,
  ];
  return lines.join('\n\n');
}
