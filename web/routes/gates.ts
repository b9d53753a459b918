import type { Context, Hono } from 'hono';
import { DrydockError } from '../../core/errors.ts';
import { optionNamed, voteForOption } from '../../core/review/option.ts';
import type { VoteChoice } from '../../core/run/gate.ts';
import type { GateView } from '../../pipeline/service/service.ts';
import { gatePage } from '../decision/page.ts';
import type { GateParts } from '../decision/parts.ts';
import { editedPlan } from '../decision/plan-fields.ts';
import { gatePath } from '../html/markup.ts';
import { visitorOf, waitingFor } from '../lists/needs.ts';
import { type Draft, draftOf, joined, notesOf } from '../pages/draft.ts';
import { webError } from '../pages/error.ts';
import { part } from '../part.ts';
import { auditRefused } from '../security/audit-refused.ts';
import { type Form, formOf, type WebEnv } from '../security/request-guard.ts';
import { layoutOf, readMarks, setReadMark } from './change-options.ts';
import { type Routes, send } from './routes.ts';

/** The page of a decision, and the votes that its forms cast. */
export const gateRoutes: Routes = (app: Hono<WebEnv>, { options, serviceOf, whoOf }): void => {
  const gateParts = async (c: Context<WebEnv>, reference: string): Promise<GateParts> => {
    const service = serviceOf(c);
    const gate = await service.gate(reference);
    const [run, detail] = await Promise.all([service.run(gate.runId), service.detail(gate.runId)]);
    const [evidence, change, next] = await Promise.all([
      part(service.evidence(run.runId)),
      part(gate.kind === 'plan' ? Promise.resolve(null) : service.change(run.runId)),
      gate.decision ? nextOf(c, gate) : undefined,
    ]);
    return { gate, run, detail, evidence, change, next, shown: { ...layoutOf(c), read: readMarks(c) } };
  };
  const nextOf = async (c: Context<WebEnv>, { gateId }: GateView): Promise<GateParts['next']> => {
    const waiting = waitingFor(visitorOf(c.get('page')), (await serviceOf(c).inbox()).items);
    const item = waiting.find(({ gate }) => gate?.gateId !== gateId);
    return item?.gate ? { gateId: item.gate.gateId, taskId: item.taskId, title: item.title } : undefined;
  };

  app.get('/gates/:gate', async (c) => send(c, gatePage(c.get('page'), await gateParts(c, c.req.param('gate')))));

  app.post('/gates/:gate/read', async (c) => {
    const field = await formOf(c);
    const gate = await serviceOf(c).gate(c.req.param('gate'));
    setReadMark(c, gate.gateId, field('mark'), field('read') === 'yes');
    const at = /^file-\d{1,6}$/.test(field('at')) ? field('at') : 'change';
    return c.redirect(`${gatePath(gate.gateId)}#${at}`, 303);
  });

  app.post('/gates/:gate', async (c) => {
    const reference = c.req.param('gate');
    try {
      const field = await formOf(c);
      const service = serviceOf(c);
      const vote = await voteOf(
        field,
        await service.gate(reference),
        async (run) => (await service.evidence(run)).plan,
      );
      const gate = await service.vote({ gate: reference, who: whoOf(c), ...vote });
      return c.redirect(gatePath(gate.gateId), 303);
    } catch (error) {
      await auditRefused(options, c, error);
      const { status, view, defect } = webError(error);
      // The page is shown again with the draft and a valid token, so that the person can send it without writing again.
      const parts = defect ? undefined : await gateParts(c, reference).catch(() => undefined);
      if (!parts) throw error;
      const draft = withEditedPlan(draftOf(await c.req.text()), parts);
      const refused = { draft, error: view };
      return send(c, gatePage(c.get('page'), { ...parts, refused }), status as 422);
    }
  });
};

/** A plan that was edited by its fields is shown again as the text that they make. */
function withEditedPlan(draft: Draft, { evidence }: GateParts): Draft {
  if (!draft.has('phases') || 'error' in evidence) return draft;
  const edit = editedPlan((name) => (draft.get(name) ?? '').trim(), evidence.value.plan);
  return edit === undefined ? draft : new Map([...draft, ['edit', edit]]);
}

interface WebVote {
  choice: VoteChoice;
  text: string;
  head: string;
  edit?: string;
  constraint?: string;
}

/** The vote in a gate's form. @throws AnswerInvalid when a required field is missing. */
async function voteOf(
  field: Form,
  gate: GateView,
  planOf: (runId: string) => Promise<Parameters<typeof editedPlan>[1]>,
): Promise<WebVote> {
  const head = field('head');
  const choice = field('choice');
  if (head === '') throw new DrydockError('AnswerInvalid', 'The form does not name the version that was shown.');
  if (choice === 'approve') {
    const constraint = field('constraint');
    const edits = field('edit') !== '' || field('phases') !== '';
    const edit = edits ? editedPlan(field, await planOf(gate.runId)) : undefined;
    return {
      choice,
      text: '',
      head,
      ...(constraint === '' ? {} : { constraint }),
      ...(edit === undefined ? {} : { edit }),
    };
  }
  if (choice !== 'revise' && choice !== 'reject' && choice !== 'answer') {
    throw new DrydockError('AnswerInvalid', 'The choice must be approve, revise, reject or answer.');
  }
  const option = choice === 'answer' ? field('option') : '';
  const named = option === '' ? undefined : optionNamed(gate, option);
  if (named) return { ...voteForOption(named, field('text')), head };
  const notes = choice === 'revise' ? notesOf(field.all) : '';
  const text = joined(field('text') || option, notes);
  if (text === '') throw new DrydockError('AnswerInvalid', 'The text is empty.');
  return { choice, text, head };
}
