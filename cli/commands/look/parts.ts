import { DrydockError } from '../../../core/errors.ts';
import type { RunQuery } from '../../../core/ports/store/runs.ts';
import type { GateView, RunView, Service } from '../../../pipeline/service/service.ts';
import type { RunItem } from '../../../pipeline/view/run-item.ts';
import type { Session } from '../../local/session.ts';
import type { RunParts } from '../../terminal/view/run.ts';

/** The decision that a run waits for. */
export async function openGate({ service }: Session, run: RunView): Promise<GateView | undefined> {
  if (run.status !== 'waiting' || run.gate === null) return undefined;
  const gate = await service.gate(run.gate);
  return gate.status === 'pending' ? gate : undefined;
}

/** The view of the page; undefined where a deployment of an earlier version has none. */
export async function viewOf(
  session: Session,
  run: RunView,
  gate: GateView | undefined,
): Promise<RunParts | undefined> {
  const { service } = session;
  try {
    const [detail, change, pages] = await Promise.all([
      service.detail(run.runId),
      service.change(run.runId).catch(withoutChange),
      session.pages().catch(() => undefined),
    ]);
    const page = pages && `${pages}${gate ? `/gates/${encodeURIComponent(gate.gateId)}` : `/runs/${run.runId}`}`;
    return { run, detail, gate, change, page };
  } catch (error) {
    if (isUnknownMethod(error)) return undefined;
    throw error;
  }
}

/** A repository that cannot be read now takes away the change, and not the rest. */
function withoutChange(error: unknown): null {
  if (error instanceof DrydockError && !isUnknownMethod(error)) return null;
  throw error;
}

/** A deployment of an earlier version refuses a method that it does not have. */
const isUnknownMethod = (error: unknown): boolean => error instanceof DrydockError && error.name === 'UsageError';

/** As many as an answer of the service may have. */
const pageSize = 100;

/** Runs with their titles, newest first; undefined where a deployment of an earlier version has no such list. */
export async function runItems(
  { page }: Service,
  query: Omit<RunQuery, 'limit' | 'before'>,
  limit = Number.POSITIVE_INFINITY,
): Promise<RunItem[] | undefined> {
  const items: RunItem[] = [];
  try {
    for (let before: string | undefined; items.length < limit; ) {
      const size = Math.min(pageSize, limit - items.length);
      const found = await page({ ...query, limit: size, ...(before === undefined ? {} : { before }) });
      items.push(...found.items);
      if (found.next === null) break;
      before = found.next;
    }
    return items;
  } catch (error) {
    if (isUnknownMethod(error)) return undefined;
    throw error;
  }
}

/** All unfinished runs, however many runs are newer; newest first. */
export async function allUnfinished(service: Pick<Service, 'unfinished'>): Promise<Omit<RunView, 'events'>[]> {
  const all: Omit<RunView, 'events'>[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await service.unfinished(...(after === undefined ? [] : [after]));
    all.push(...page.runs);
    after = page.next;
  }
  return all.reverse();
}
