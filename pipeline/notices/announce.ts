import { DrydockError } from '../../core/errors.ts';
import type { Subject } from '../../core/notification/subject.ts';
import type { Messages } from '../../core/ports/runtime/notifier.ts';
import { isWait } from '../../core/run/gate.ts';
import { isFinal } from '../../core/run/status.ts';
import type { Deps } from '../deps.ts';
import { bestEffort } from '../runs/report-run.ts';
import { loadRunContext } from '../runs/run-context.ts';
import { budgetNotices } from './budget-notice.ts';
import { deliveredNotice, endNotice } from './end-notice.ts';
import { commentGate } from './gate-comment.ts';
import { gateKey, gateNotice } from './gate-notice.ts';

/** Gathers the facts about a subject, and tells them. Doing it twice tells nobody twice. */
export async function announce(deps: Deps, messages: Messages, subject: Subject): Promise<void> {
  const { runId } = subject;
  switch (subject.about) {
    case 'gate':
      return announceGate(deps, messages, subject);
    case 'delivered': {
      if (await messages.known(`delivered#${runId}`)) return;
      const { record } = await loadRunContext(deps, runId);
      return messages.notify(await deliveredNotice(deps, record));
    }
    case 'ended': {
      if (await messages.known(`ended#${runId}`)) return;
      const record = await deps.runs.get(runId);
      if (!record || !isFinal(record.status))
        throw new DrydockError('Conflict', `Run ${runId} has not ended yet; what became of it is told later.`);
      const notice = await endNotice(deps, record);
      return notice && messages.notify(notice);
    }
    case 'budget':
      return budgetNotices(deps, messages, subject);
  }
}

/** Notifies the people who may decide, and comments on the pull request. A gate that was decided meanwhile is not told. */
async function announceGate(
  deps: Deps,
  messages: Messages,
  { runId, gateId }: { runId: string; gateId: string },
): Promise<void> {
  const gate = await deps.gates.get(gateId);
  if (gate?.status !== 'pending' || isWait(gate.kind)) return;
  const context = await loadRunContext(deps, runId);
  const notice = await gateNotice(deps, context.record, gate);
  if (!(await messages.known(gateKey(gate)))) await messages.notify(notice);
  await bestEffort(deps, context.record, () => commentGate(deps, context, gate, notice));
}
