import { readRunArguments } from '../../core/comment/run-arguments.ts';
import { DrydockError } from '../../core/errors.ts';
import { personOfAccount } from '../../core/policy/people.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { fence } from '../../core/prompt/fence.ts';
import { code } from '../../core/publish/escape.ts';
import { readParameters } from '../../core/runbook/use.ts';
import type { Deps } from '../deps.ts';
import { type HostedRepository, mayWrite } from '../repository/hosted-repository.ts';
import { type HookOutcome, ignored, refused } from '../webhooks/outcome.ts';
import { fire } from './fire.ts';
import { combined } from './on-push.ts';
import { hasTriggers, isValid, runbookBranch, runbooksAt } from './place.ts';

/** Characters of an issue that an agent gets. */
const maxIssue = 4_000;

/**
 * Fires the runbooks with the label that a person gave to an issue, once for each issue. The text of the issue may be of
 * anybody, so that the agent gets it as data.
 */
export async function fireLabel(
  deps: Deps,
  hosted: HostedRepository,
  event: Extract<HostEvent, { kind: 'issue-labelled' }>,
): Promise<HookOutcome> {
  if (!hasTriggers(hosted)) return ignored('no trigger');
  const head = await runbookBranch(hosted);
  if (!head) return refused('no trusted branch is named in full and exists');
  const meant = (await runbooksAt(hosted, head.commit)).filter(isValid).flatMap((found) => {
    const trigger = found.runbook.triggers.find((each) => 'issue_label' in each && each.issue_label === event.label);
    return trigger && 'issue_label' in trigger ? [{ found, parameters: trigger.parameters ?? {} }] : [];
  });
  if (meant.length === 0) return ignored(`no runbook has the label ${event.label}`);
  const stranger = await mayWrite(hosted, event.sender);
  const requester = event.sender.bot ? undefined : personOfAccount(hosted.policy, event.sender);
  if (stranger !== undefined || requester === undefined)
    return refused(stranger ?? `The policy does not know ${event.sender.login}.`);
  const issue = fence(`${event.title}\n\n${event.body}`.slice(0, maxIssue), `issue ${event.number}`);
  const outcomes: HookOutcome[] = [];
  for (const { found, parameters } of meant)
    outcomes.push(
      await fire(deps, hosted, {
        ...{ runbook: found, ...head, readAt: head.commit, kind: 'issue-label', requester, parameters },
        what: `${event.label} on issue ${event.number}`,
        note: `Started by the label ${code(event.label)} on issue ${event.number}. The issue says:\n\n${issue}`,
      }),
    );
  return combined(outcomes);
}

/**
 * Fires the runbook that a comment names, once for each comment. @returns What to answer, and the outcome.
 * @throws RunbookNotFound, ParametersInvalid, UsageError.
 */
export async function fireCommand(
  deps: Deps,
  hosted: HostedRepository,
  { text, person, commentId }: { text: string; person: string; commentId: string },
): Promise<HookOutcome> {
  const named = readRunArguments(text);
  if (typeof named === 'string') throw new DrydockError('UsageError', named, { remedy: '' });
  const remedy = 'The policy and the runbook have to allow it: `triggers` in both.';
  const unknown = (): DrydockError =>
    new DrydockError(
      'RunbookNotFound',
      `No runbook ${JSON.stringify(named.runbook.slice(0, 60))} may be started by a comment.`,
      {
        remedy,
      },
    );
  const head = hasTriggers(hosted) ? await runbookBranch(hosted) : undefined;
  if (!head) throw unknown();
  const found = (await runbooksAt(hosted, head.commit)).filter(isValid).find(({ name }) => name === named.runbook);
  if (!found?.runbook.triggers.some((trigger) => 'command' in trigger)) throw unknown();
  const checked = readParameters(found, named.parameters);
  if ('problems' in checked)
    throw new DrydockError('ParametersInvalid', checked.problems.map(({ message }) => message).join(' '), {
      remedy: 'Write /drydock run RUNBOOK NAME=VALUE.',
    });
  return fire(deps, hosted, {
    ...{
      runbook: found,
      ...head,
      readAt: head.commit,
      kind: 'command',
      requester: person,
      parameters: named.parameters,
    },
    what: `comment ${commentId}`,
    note: 'Started by a comment.',
  });
}
