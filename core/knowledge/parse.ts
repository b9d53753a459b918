import { suspicious } from '../prompt/suspicious.ts';
import { oneLine } from '../publish/escape.ts';
import { readFrontMatter } from '../task-spec/front-matter.ts';
import { hiddenContent } from '../task-spec/hidden/content.ts';
import { type Fault, type Problem, toProblems } from '../task-spec/text.ts';
import { markdownName } from '../text/file-name.ts';
import { type Lesson, lessonSchema, maxLesson, slug } from './schema.ts';

/** The result of reading a lesson. */
export interface ParsedLesson {
  /** Present when no problem is an error. */
  lesson?: Lesson;
  problems: Problem[];
}

/** Bytes of the file of a lesson; its text has at most 1,000 characters. */
export const maxLessonBytes = 16_384;

/**
 * Parses and checks a lesson; reports all problems at once. A lesson enters prompts, so a text that gives orders to
 * agents, or that a reviewer would not see, is an error.
 * @param file Path of the file; its name is the name of the lesson.
 * @param today ISO date. Without it, `review_by` is not compared.
 */
export function parseLesson(file: string, bytes: Uint8Array, today?: string): ParsedLesson {
  if (bytes.length > maxLessonBytes) {
    const message = `The file has ${bytes.length} bytes; a lesson has at most ${maxLessonBytes}, and its text ${maxLesson} characters.`;
    return { problems: toProblems('', [{ rule: 'lesson-too-long', message, offset: 0 }]) };
  }
  const { text, faults, data, document, body } = readFrontMatter(bytes, lessonSchema, 'lesson');
  const name = markdownName(file) ?? '';
  const named = slug.safeParse(name);
  if (!named.success)
    faults.push({ rule: 'name', message: `The file name of a lesson: ${named.error.issues[0]?.message}`, offset: 0 });
  const lesson = body.text.trim();
  if (document) faults.push(...bodyFaults(lesson, body.start, text));
  if (data && document) faults.push(...dateFaults(data, today, (field) => document.locate([field])));
  const problems = toProblems(text, faults);
  return data && problems.every(({ severity }) => severity !== 'error')
    ? { lesson: { ...data, slug: name, text: lesson }, problems }
    : { problems };
}

function bodyFaults(lesson: string, start: number, text: string): Fault[] {
  if (lesson === '')
    return [{ rule: 'required', message: 'The lesson has no text below its front matter.', offset: start }];
  const faults: Fault[] = [];
  if (lesson.length > maxLesson) {
    const message = `The text has ${lesson.length} characters; the limit is ${maxLesson}. Split it into lessons.`;
    faults.push({ rule: 'lesson-too-long', message, offset: start });
  }
  // What is longer than any lesson is refused already, and is not searched.
  const searched = lesson.slice(0, 4 * maxLesson);
  const lines = lineStarts(searched);
  for (const { line, what, excerpt } of suspicious(searched))
    faults.push({
      rule: 'orders-to-agents',
      message: `The text ${what}: “${excerpt}”. Say how the code is, and not what an agent must do against its task.`,
      offset: start + (lines[line - 1] ?? 0),
    });
  for (const { what, offset, text: hidden } of hiddenContent(text.slice(0, start + 4 * maxLesson)))
    faults.push({
      rule: 'hidden-content',
      message: `${what} is not displayed, and the agent would read it: “${oneLine(hidden).slice(0, 120)}”`,
      offset,
    });
  return faults;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function dateFaults(
  { added, review_by, retired }: Pick<Lesson, 'added' | 'review_by' | 'retired'>,
  today: string | undefined,
  locate: (field: string) => number,
): Fault[] {
  const faults: Fault[] = [];
  if (review_by < added)
    faults.push({ rule: 'dates', message: 'review_by is before added.', offset: locate('review_by') });
  if (retired !== undefined && retired < added)
    faults.push({ rule: 'dates', message: 'retired is before added.', offset: locate('retired') });
  if (today !== undefined && retired === undefined && review_by < today)
    faults.push({
      severity: 'warning',
      rule: 'review-due',
      message: `review_by was ${review_by}: read the lesson again, then move the date or retire it.`,
      offset: locate('review_by'),
    });
  return faults;
}

/** Whether runs that start on a day get the lesson. */
export const isActive = ({ retired }: Pick<Lesson, 'retired'>, today: string): boolean =>
  retired === undefined || retired > today;
