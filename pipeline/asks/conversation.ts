import { code, escapeMarkdown } from '../../core/publish/escape.ts';
import type { EffectiveTask } from '../../core/run/effective-task.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { bestEffort } from '../runs/report-run.ts';
import { accessRepository } from '../runs/run-context.ts';

/** Tells where it was asked how a run ended that asked an agent for one answer. */
export async function tellConversation(deps: Deps, record: RunRecord, task: EffectiveTask): Promise<void> {
  const { conversation, runId, status, error, pullRequest } = record;
  if (conversation === undefined) return;
  const end =
    status === 'delivered' && pullRequest
      ? `The spec is in ${pullRequest.url}. Read it, correct it, and merge it to start the run.`
      : `${status}: ${escapeMarkdown(`${error?.name ?? ''}: ${error?.message.slice(0, 2_000) ?? ''}`)}`;
  await bestEffort(deps, record, async () => {
    const { host, location } = accessRepository(deps, task, runId);
    await host.collaboration?.comment(location, conversation, `end#${runId}`, `${code(record.taskId)}: ${end}`);
  });
}
