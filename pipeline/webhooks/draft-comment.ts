import { DrydockError } from '../../core/errors.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { code } from '../../core/publish/escape.ts';
import { submitDraft } from '../commands/submit-ask.ts';
import type { Deps } from '../deps.ts';
import type { HostedRepository } from '../repository/hosted-repository.ts';
import { runOfPullRequest } from './on-review.ts';

type Comment = Extract<HostEvent, { kind: 'comment' }>;

/**
 * `/drydock draft TEXT`: starts the run that drafts a spec, asked for by the author of the comment. What the issue says is
 * text from outside. Answers to its questions are comments in the same conversation.
 * @throws UsageError where the commands are for another run, whose votes and answers the draft would get.
 */
export async function draftByComment(
  deps: Deps,
  hosted: HostedRepository,
  event: Comment,
  { text, person }: { text: string; person: string },
): Promise<string> {
  const { subject } = event;
  const other = await runOfPullRequest(deps, hosted, event.number);
  if (other && !(other.kind === 'draft' && other.conversation === event.number))
    throw new DrydockError('UsageError', `The commands in this conversation are for the run of ${other.taskId}.`, {
      remedy: 'Ask for a draft in an issue.',
    });
  const { runId, outcome } = await submitDraft(deps, {
    text,
    repository: hosted.repository,
    policy: hosted.policy,
    requester: person,
    conversation: Number(event.number),
    outside:
      subject === undefined
        ? []
        : [{ from: `issue ${event.number} by ${subject.author}`, text: `${subject.title}\n\n${subject.text}` }],
  });
  await deps.runLinks.link(hosted.repository, `pull:${event.number}`, runId);
  return outcome === 'started'
    ? `drafts a task spec as ${code(runId)}. Its questions, and the pull request that adds the spec, are told here.`
    : `drafts it already as ${code(runId)}.`;
}
