import { code } from '../../core/publish/escape.ts';
import type { ChangeManifest } from '../../core/run/change-set.ts';
import type { Deps } from '../deps.ts';
import type { RunContext } from '../runs/run-context.ts';

/** Replies to each review comment that a rework has addressed, once per comment and commit. */
export async function answerThreads(
  deps: Deps,
  context: RunContext,
  commit: string,
  manifest: ChangeManifest,
): Promise<void> {
  const { host, location } = context;
  const record = await deps.runs.get(context.record.runId);
  const threads = record?.work.threads ?? [];
  if (!host.collaboration || !record?.pullRequest || threads.length === 0) return;
  const changed = new Set(manifest.entries.map((entry) => entry.path));
  for (const { id, path } of threads) {
    const effect = changed.has(path) ? `changes ${code(path)}` : `does not change ${code(path)}`;
    const body = `Addressed in ${commit}, verified in a fresh sandbox. The change now ${effect}. Please review again.`;
    await host.collaboration.reply(location, record.pullRequest.id, id, `thread#${id}#${commit}`, body);
  }
  await deps.runs.update(record.runId, (run) => {
    const { threads: answered, ...work } = run.work;
    return answered === undefined ? undefined : { ...run, work };
  });
}
