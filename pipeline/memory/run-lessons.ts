import { z } from 'zod';
import { isActive, maxLessonBytes, parseLesson } from '../../core/knowledge/parse.ts';
import { lessonFolder } from '../../core/knowledge/schema.ts';
import { type FrozenLesson, meets, selectLessons } from '../../core/knowledge/select.ts';
import { plan as planSchema } from '../../core/plan/schema.ts';
import type { RunWork } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { reviewedFiles } from '../repository/spec-files.ts';
import { getJson, putJson } from '../runs/artifacts.ts';
import { record as recordEvent } from '../runs/record-event.ts';
import type { RunContext } from '../runs/run-context.ts';

/** More lessons than a team reads again. */
const maxLessons = 200;

const frozenLessons = z
  .array(
    z.strictObject({
      slug: z.string(),
      applies_to: z.array(z.string()),
      text: z.string(),
      targeted: z.boolean(),
    }),
  )
  .max(maxLessons);

/** What a phase gets of the team's lessons, and what the record keeps of it. */
export interface RunLessons {
  chosen: FrozenLesson[];
  record: NonNullable<RunWork['lessons']>;
}

/**
 * The lessons of a phase. The first phase freezes those of the base for the whole run: what the team writes meanwhile
 * does not change a run, and every phase finds the same.
 */
export async function lessonsOfPhase(deps: Deps, context: RunContext): Promise<RunLessons> {
  const { record } = context;
  const kept = record.work.lessons;
  const frozen = kept ? kept.frozen : await freeze(deps, context);
  if (frozen === undefined) return { chosen: [], record: { used: [] } };
  const lessons = frozenLessons.parse(await getJson(deps.artifacts, frozen));
  const plan = record.work.plan && planSchema.parse(await getJson(deps.artifacts, record.work.plan));
  const { chosen, leftOut } = selectLessons(lessons, plan ? plan.phases.flatMap(({ files }) => files) : []);
  if (leftOut.length > 0)
    await recordEvent(deps, record.runId, {
      key: `lessons-left-out#${leftOut.length}`,
      type: 'lessons-left-out',
      text: `the prompt has no room for the lessons ${leftOut.slice(0, 20).join(', ')}`,
    });
  const used = [...new Set([...(kept?.used ?? []), ...chosen.map(({ slug }) => slug)])].sort();
  return { chosen, record: { frozen, used } };
}

/** Stores the active lessons of the base. @returns The digest; undefined if there are none. */
async function freeze(deps: Deps, { record, task, host, location }: RunContext): Promise<string | undefined> {
  if (record.base === undefined) return undefined;
  const tree = await host.listTree(location, record.base);
  const all = reviewedFiles(tree).lessons.filter(({ bytes = 0 }) => bytes <= maxLessonBytes);
  const files = all.slice(0, maxLessons).map(({ path }) => path);
  if (files.length === 0) return undefined;
  const bytes = await host.readFiles(location, record.base, files, maxLessons * maxLessonBytes);
  const today = record.createdAt.slice(0, 10);
  const invalid: string[] = [];
  const lessons = [...bytes].flatMap(([path, content]): FrozenLesson[] => {
    const { lesson } = parseLesson(path, content);
    if (!lesson) invalid.push(path.slice(lessonFolder.length));
    if (!lesson || !isActive(lesson, today)) return [];
    const { slug, applies_to, text } = lesson;
    return [{ slug, applies_to, text, targeted: meets(applies_to, task.constraints.targetPaths, tree.keys()) }];
  });
  const said = [
    ...(invalid.length > 0 ? [`invalid, so that no prompt has them: ${invalid.sort().slice(0, 20).join(', ')}`] : []),
    ...(all.length > maxLessons ? [`only the first ${maxLessons} lessons are read`] : []),
  ];
  if (said.length > 0)
    await recordEvent(deps, record.runId, {
      key: `lessons#${record.base}`,
      type: 'lessons-left-out',
      text: `${said.join('; ')} (drydock knowledge lint)`,
    });
  return lessons.length === 0 ? undefined : putJson(deps.artifacts, lessons);
}
