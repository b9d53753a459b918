import { parseAnswer } from '../../core/ask/topics.ts';
import { applyProposals, lessonChangeSet } from '../../core/knowledge/proposals.ts';
import { applyGuide } from '../../core/knowledge/runbook-proposal.ts';
import { lessonFolder } from '../../core/knowledge/schema.ts';
import { derivePlan } from '../../core/plan/derive.ts';
import { runbookFolder } from '../../core/runbook/record.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { reviewedFiles } from '../repository/spec-files.ts';
import { putJson, storeChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { requestOf } from './request.ts';
import type { TakenOrNot } from './taken.ts';

/** Bytes of all lessons and runbooks of a repository. */
const maxBytes = 4 * 1024 * 1024;

/** What people read of proposed lessons beside the files themselves. */
export interface LessonFacts {
  of: 'lessons';
  /** Path, what becomes of it, and why, if the agent gave a reason. */
  files: string[];
  /** Proposals that were left out, each with the reason. */
  refused: string[];
  /** Head of the standing branch, to which the commit is added; absent if there is no branch. */
  previous?: string;
}

/**
 * Makes files of proposed lessons. Those that wait in the open pull request of the repository are kept, so that there is
 * one, which grows until people merge it.
 */
export async function takeLessons(deps: Deps, context: RunContext, text: string): Promise<TakenOrNot> {
  const { record, task, location } = context;
  const parsed = parseAnswer('learn', text);
  if ('faults' in parsed) return parsed;
  const { from, runbook: used } = await requestOf(deps, record);
  const base = await filesAt(context, record.base ?? '');
  const previous = await context.host.resolve(context.location, record.branch).catch(absentBranch);
  const open = previous === undefined ? undefined : await context.host.readPullRequest(location, record.branch);
  const waiting = open && previous !== undefined ? await proposedFiles(context, open.base, previous) : new Map();
  const today = new Date(deps.clock.now()).toISOString().slice(0, 10);
  const { files, refused } = applyProposals(new Map([...base, ...waiting]), parsed.answer, { from, today });
  const told = refused.map(({ slug, rule, message }) => `${slug}: ${rule}: ${message}`);
  const { runbook } = parsed.answer;
  if (runbook) {
    const guide = applyGuide(runbook, used, base.get(`${runbookFolder}${runbook.name}.md`));
    if (guide && 'rule' in guide) told.push(`runbook ${runbook.name}: ${guide.rule}: ${guide.message}`);
    else if (guide) files.set(guide.path, guide.bytes);
  }
  if (files.size === 0 && told.length > 0) return { faults: told.join('\n') };
  const answer = { outcome: 'planned' as const, approval: false, reason: '' };
  if (files.size === 0) return { answer, patch: { results: {} } };
  const all = new Map([...waiting, ...files]);
  const changed = new Map([...all].filter(([path, bytes]) => !isSame(base.get(path), bytes)));
  const why = new Map(parsed.answer.retired.map(({ slug, reason }) => [`${lessonFolder}${slug}.md`, reason]));
  if (runbook) why.set(`${runbookFolder}${runbook.name}.md`, runbook.reason);
  const facts: LessonFacts = {
    of: 'lessons',
    files: [...changed.keys()].map((path) => {
      const reason = files.has(path) ? why.get(path) : undefined;
      return `${base.has(path) ? 'changed' : 'new'}: ${path}${reason === undefined ? '' : `: ${reason}`}`;
    }),
    refused: told,
    ...(previous === undefined ? {} : { previous }),
  };
  return {
    answer: { ...answer, outcome: 'passed' },
    patch: {
      changeSet: await storeChange(deps.artifacts, lessonChangeSet(record.base ?? '', changed)),
      plan: await putJson(deps.artifacts, derivePlan(task.spec, task.constraints)),
      verifiedAt: deps.clock.now(),
      results: { drafted: await putJson(deps.artifacts, facts) },
    },
  };
}

/** All lessons and runbooks at a commit. */
async function filesAt({ host, location }: RunContext, commit: string): Promise<Map<string, Uint8Array>> {
  const { lessons, runbooks } = reviewedFiles(await host.listTree(location, commit));
  const paths = [...lessons, ...runbooks].map(({ path }) => path);
  return paths.length === 0 ? new Map() : host.readFiles(location, commit, paths, maxBytes);
}

/** What the open pull request proposes: what it has otherwise than the commit that it was made on. What changed on the target since stays. */
async function proposedFiles(context: RunContext, on: string, head: string): Promise<Map<string, Uint8Array>> {
  const [before, after] = await Promise.all([filesAt(context, on), filesAt(context, head)]);
  return new Map([...after].filter(([path, bytes]) => !isSame(before.get(path), bytes)));
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.from(a).equals(Buffer.from(b));
