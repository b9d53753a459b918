import { type DraftedFile, draftedFile, taskIdOf } from '../../core/ask/drafted.ts';
import type { AskKind } from '../../core/ask/kinds.ts';
import { type Answer, parseAnswer } from '../../core/ask/topics.ts';
import { type Estimate, estimateTask } from '../../core/money/estimate.ts';
import { derivePlan } from '../../core/plan/derive.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import type { Question } from '../../core/run/phase.ts';
import { gitBlobSha } from '../../core/task-spec/fingerprint.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import { loadPolicy } from '../commands/stored-policy.ts';
import type { Deps } from '../deps.ts';
import { putJson, storeChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { takeLessons } from './lessons.ts';
import { requestOf } from './request.ts';
import type { TakenOrNot } from './taken.ts';

/** What follows from the answer of a run that asks an agent: a question, a file to publish, or the end with a reason. */
export async function takeDraft(deps: Deps, context: RunContext, kind: AskKind, text: string): Promise<TakenOrNot> {
  if (kind === 'learn') return takeLessons(deps, context, text);
  if (kind === 'split') return takeParts(deps, text);
  const parsed = parseAnswer(kind, text);
  if ('faults' in parsed) return parsed;
  const { questions, spec, advice, refusal } = parsed.answer;
  if (advice) return { fault: 'DoItYourself', message: advice.reason };
  if (refusal) return { fault: 'RequestRefused', message: refusal.reason };
  if (questions) return asksBack(deps, context, questions);
  return spec ? takesSpec(deps, context, spec) : { faults: 'The answer is empty.' };
}

/** The parts are the result: the person who asked puts them into the spec. */
async function takeParts(deps: Deps, text: string): Promise<TakenOrNot> {
  const parsed = parseAnswer('split', text);
  if ('faults' in parsed) return parsed;
  return {
    answer: { outcome: 'planned', approval: false, reason: '' },
    patch: { results: { answer: await putJson(deps.artifacts, parsed.answer) } },
  };
}

type Questions = NonNullable<Answer<'draft'>['questions']>;

/** All questions at once, so that a person answers once; a second round of questions is not taken. */
async function asksBack(deps: Deps, context: RunContext, questions: Questions): Promise<TakenOrNot> {
  const { record } = context;
  const { assume } = await requestOf(deps, record);
  if (assume || record.work.answers.length > 0)
    return { faults: 'Nobody answers more questions: write the spec, and list what you assume under assumptions.' };
  const suggested = questions.map(({ suggested }, i) => (suggested === undefined ? '' : `${i + 1}. ${suggested}`));
  const asked: Question = {
    question:
      questions.length === 1 ? (questions[0]?.question ?? '') : `${questions.length} questions about the request`,
    context: questions
      .map(({ question, options, suggested }, i) =>
        [
          `${i + 1}. ${question}`,
          ...options.map((option) => `   - ${option}`),
          ...(suggested === undefined ? [] : [`   Suggested: ${suggested}`]),
        ].join('\n'),
      )
      .join('\n'),
    options: [
      ...(suggested.every((each) => each !== '') ? ['Use the suggested answers'] : []),
      'Go on with marked assumptions',
    ],
  };
  return {
    answer: { outcome: 'question', approval: false, reason: '' },
    patch: { results: { question: await putJson(deps.artifacts, asked) } },
  };
}

async function takesSpec(
  deps: Deps,
  context: RunContext,
  spec: NonNullable<Answer<'draft'>['spec']>,
): Promise<TakenOrNot> {
  const { record, host, location } = context;
  const policy = await loadPolicy(deps, record);
  const tree = await host.listTree(location, record.base ?? '');
  const at = {
    taskId: taskIdOf(spec.title, record.taskId),
    repository: record.repository,
    targetBranch: record.targetBranch,
  };
  const file = draftedFile(spec, at, policy, (path) => tree.has(path));
  if ('faults' in file) return file;
  const bytes = new TextEncoder().encode(file.text);
  const change = {
    manifest: {
      base: record.base ?? '',
      entries: [
        {
          op: 'put' as const,
          path: file.path,
          mode: '100644' as const,
          blobSha: gitBlobSha(bytes),
          bytes: bytes.length,
        },
      ],
    },
    blobs: bytes,
  };
  const facts: DraftFacts = {
    of: 'spec',
    path: file.path,
    title: spec.title,
    clarity: file.clarity,
    assumptions: spec.assumptions,
    parts: spec.campaign?.parts?.length ?? 0,
    estimate: estimateOf(file, policy, record.requester),
  };
  return {
    answer: { outcome: 'passed', approval: false, reason: '' },
    patch: {
      changeSet: await storeChange(deps.artifacts, change),
      plan: await putJson(deps.artifacts, derivePlan(context.task.spec, context.task.constraints)),
      verifiedAt: deps.clock.now(),
      results: { drafted: await putJson(deps.artifacts, facts) },
    },
  };
}

/** What people read of a drafted spec beside the file itself. */
export interface DraftFacts {
  of: 'spec';
  path: string;
  title: string;
  clarity: number;
  assumptions: string[];
  parts: number;
  estimate: Estimate['micros'];
}

function estimateOf(
  { path, text }: DraftedFile,
  policy: Parameters<typeof resolveTask>[1],
  requester: string,
): Estimate['micros'] {
  const read = readSpec(path, new TextEncoder().encode(text));
  return estimateTask(resolveTask(read, policy, { requester })).micros;
}
