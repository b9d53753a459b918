import { parseAnswer } from '../../core/ask/topics.ts';
import { applyProposals, lessonChangeSet } from '../../core/knowledge/proposals.ts';
import { lessonFolder } from '../../core/knowledge/schema.ts';
import { derivePlan } from '../../core/plan/derive.ts';
import type { Deps } from '../deps.ts';
import { absentBranch } from '../repository/absent-branch.ts';
import { putJson, storeChange } from '../runs/artifacts.ts';
import type { RunContext } from '../runs/run-context.ts';
import { requestOf } from './request.ts';
import type { TakenOrNot } from './taken.ts';

/** Bytes of all lessons of a repository. */
const maxBytes = 4 * 1024 * 1024;

/** What people read of proposed lessons beside the files themselves. */
export interface LessonFacts {
  of: 'lessons';
  /** Path and what becomes of it. */
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
  const { record, task } = context;
  const parsed = parseAnswer('learn', text);
  if ('faults' in parsed) return parsed;
  const { from } = await requestOf(deps, record);
  const base = await lessonFiles(context, record.base ?? '');
  const previous = await context.host.resolve(context.location, record.branch).catch(absentBranch);
  const open = previous !== undefined && (await context.host.readPullRequest(context.location, record.branch));
  const waiting = open && previous !== undefined ? await lessonFiles(context, previous) : new Map<string, Uint8Array>();
  const today = new Date(deps.clock.now()).toISOString().slice(0, 10);
  const { files, refused } = applyProposals(new Map([...base, ...waiting]), parsed.answer, { from, today });
  const told = refused.map(({ slug, rule, message }) => `${slug}: ${rule}: ${message}`);
  if (files.size === 0 && refused.length > 0) return { faults: told.join('\n') };
  const answer = { outcome: 'planned' as const, approval: false, reason: '' };
  if (files.size === 0) return { answer, patch: { results: {} } };
  const all = new Map([...waiting, ...files]);
  const changed = new Map([...all].filter(([path, bytes]) => !isSame(base.get(path), bytes)));
  const facts: LessonFacts = {
    of: 'lessons',
    files: [...changed.keys()].map((path) => `${base.has(path) ? 'changed' : 'new'}: ${path}`),
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

/** All lessons at a commit. */
async function lessonFiles({ host, location }: RunContext, commit: string): Promise<Map<string, Uint8Array>> {
  const paths = [...(await host.listTree(location, commit)).keys()].filter(
    (path) => path.startsWith(lessonFolder) && path.endsWith('.md'),
  );
  return paths.length === 0 ? new Map() : host.readFiles(location, commit, paths, maxBytes);
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.from(a).equals(Buffer.from(b));
