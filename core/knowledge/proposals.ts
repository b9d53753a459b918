import { stringify } from 'yaml';
import { z } from 'zod';
import { DrydockError } from '../errors.ts';
import type { ChangeSet } from '../run/change-set.ts';
import { runbookFolder, runbookName } from '../runbook/record.ts';
import { gitBlobSha } from '../task-spec/fingerprint.ts';
import { isActive, parseLesson } from './parse.ts';
import { lessonFolder, maxLesson, slug } from './schema.ts';

/** UTF-16 code units of a proposed guide. */
const maxGuide = 50_000;

/** Proposals of one kind in one answer; people review no more lessons at once. */
const maxProposals = 10;

const lesson = {
  slug,
  applies_to: z.array(z.string().max(500)).min(1).max(20),
  text: z.string().min(1).max(maxLesson),
};

/** What a learn phase proposes: typed output of an agent, so it is untrusted. */
export const lessonProposals = z.strictObject({
  /** Lessons that the repository does not have. */
  new: z.array(z.strictObject(lesson)).max(maxProposals).default([]),
  /** Lessons that replace others: `replaces` are retired, unless one has the same name and is written anew. */
  merged: z
    .array(z.strictObject({ ...lesson, replaces: z.array(slug).min(1).max(10) }))
    .max(maxProposals)
    .default([]),
  /** Names of lessons that no longer hold, each with the reason for the pull request. */
  retired: z
    .array(z.strictObject({ slug, reason: z.string().min(1).max(500) }))
    .max(maxProposals)
    .default([]),
  /** A better guide for the runbook that the run was made from; the rest of the runbook stays. */
  runbook: z
    .strictObject({ name: runbookName, guide: z.string().min(1).max(maxGuide), reason: z.string().min(1).max(500) })
    .optional(),
});
export type LessonProposals = z.output<typeof lessonProposals>;

/** A proposal that was left out, with the reason for people and for the agent. */
interface RefusedProposal {
  slug: string;
  rule: string;
  message: string;
}

export interface LessonChange {
  /** Path → new content of each lesson file that changes. Lessons are never deleted: a retired one keeps its file. */
  files: Map<string, Uint8Array>;
  refused: RefusedProposal[];
}

/** Months after which a new lesson is read again. */
const reviewMonths = 6;

/**
 * Makes files of proposals, with the checks of `knowledge lint`. A faulty proposal is refused by name, and the others
 * stay. Doing it twice changes nothing.
 * @param existing The lesson files of the base: path → content.
 * @param from Links to where the lessons were learned: https URLs and ids of runs. Never from the agent.
 * @param today ISO date.
 */
export function applyProposals(
  existing: ReadonlyMap<string, Uint8Array>,
  proposals: LessonProposals,
  { from, today }: { from: readonly string[]; today: string },
): LessonChange {
  const files = new Map<string, Uint8Array>();
  const refused: RefusedProposal[] = [];
  const refuse = (name: string, rule: string, message: string): void =>
    void refused.push({ slug: name, rule, message });
  const current = (name: string): Uint8Array | undefined => files.get(pathOf(name)) ?? existing.get(pathOf(name));

  /** @returns Whether the lesson is there now, as proposed. */
  const put = ({ slug: name, applies_to, text }: LessonProposals['new'][number], links: readonly string[]): boolean => {
    const review_by = monthsLater(today, reviewMonths);
    const bytes = lessonFile({ applies_to, from: links, added: today, review_by }, text);
    const problem = parseLesson(pathOf(name), bytes).problems.find(({ severity }) => severity === 'error');
    if (problem) refuse(name, problem.rule, problem.message);
    else if (!sameLesson(current(name), bytes, name)) files.set(pathOf(name), bytes);
    return problem === undefined;
  };
  const retire = (name: string): boolean => {
    const bytes = current(name);
    const read = bytes && parseLesson(pathOf(name), bytes).lesson;
    if (!read) refuse(name, 'unknown-lesson', `The repository has no valid lesson "${name}".`);
    else if (isActive(read, today)) files.set(pathOf(name), lessonFile({ ...read, retired: today }, read.text));
    return read !== undefined;
  };

  for (const proposal of proposals.new) {
    const bytes = current(proposal.slug);
    const there = bytes && parseLesson(pathOf(proposal.slug), bytes).lesson;
    if (bytes && there?.text !== proposal.text.trim())
      refuse(proposal.slug, 'name-taken', `The repository has a lesson "${proposal.slug}" already; merge the two.`);
    else if (!bytes) put(proposal, from);
  }
  for (const proposal of proposals.merged) {
    const replaced = proposal.replaces.flatMap((name) => {
      const bytes = current(name);
      const read = bytes && parseLesson(pathOf(name), bytes).lesson;
      return read ? [read] : [];
    });
    if (replaced.length < proposal.replaces.length) {
      const known = new Set(replaced.map((each) => each.slug));
      const missing = proposal.replaces.filter((name) => !known.has(name));
      refuse(proposal.slug, 'unknown-lesson', `The repository has no valid lesson ${missing.join(', ')}.`);
      continue;
    }
    if (current(proposal.slug) !== undefined && !proposal.replaces.includes(proposal.slug)) {
      refuse(proposal.slug, 'name-taken', `The repository has a lesson "${proposal.slug}" that this does not replace.`);
      continue;
    }
    const links = [...new Set([...replaced.flatMap((each) => each.from), ...from])].slice(-20);
    if (put(proposal, links)) for (const name of proposal.replaces) if (name !== proposal.slug) retire(name);
  }
  for (const { slug: name } of proposals.retired) retire(name);
  return { files, refused };
}

/**
 * The change set of files of lessons and runbooks on a base.
 * @throws Internal for a path outside of their folders, because this change is published without a sandbox.
 * @param base Commit id.
 */
export function lessonChangeSet(base: string, files: ReadonlyMap<string, Uint8Array>): ChangeSet {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path] of sorted)
    if (!isNamed(path, lessonFolder, slug) && !isNamed(path, runbookFolder, runbookName))
      throw new DrydockError('Internal', `${JSON.stringify(path)} is not the path of a lesson or runbook.`);
  const entries = sorted.map(([path, bytes]) => ({
    op: 'put' as const,
    path,
    mode: '100644' as const,
    blobSha: gitBlobSha(bytes),
    bytes: bytes.length,
  }));
  return { manifest: { base, entries }, blobs: Buffer.concat(sorted.map(([, bytes]) => bytes)) };
}

const isNamed = (path: string, folder: string, name: z.ZodType): boolean =>
  path.startsWith(folder) && path.endsWith('.md') && name.safeParse(path.slice(folder.length, -'.md'.length)).success;

/** Path of a lesson in its repository. */
const pathOf = (name: string): string => `${lessonFolder}${name}.md`;

interface FrontMatter {
  applies_to: readonly string[];
  from: readonly string[];
  added: string;
  review_by: string;
  retired?: string | undefined;
}

/**
 * The file of a lesson. The front matter is written by the YAML library, so that no value can end it.
 * @internal for its tests
 */
export function lessonFile({ applies_to, from, added, review_by, retired }: FrontMatter, text: string): Uint8Array {
  const front = { applies_to, ...(from.length > 0 ? { from } : {}), added, review_by, ...(retired ? { retired } : {}) };
  const yaml = stringify(front, { lineWidth: 0, aliasDuplicateObjects: false });
  return new TextEncoder().encode(`---\n${yaml}---\n\n${text.trim()}\n`);
}

/** Whether a file holds the lesson already, whenever it was added. */
function sameLesson(before: Uint8Array | undefined, after: Uint8Array, name: string): boolean {
  const [a, b] = [before, after].map((bytes) => bytes && parseLesson(pathOf(name), bytes).lesson);
  return (
    a !== undefined &&
    a.retired === undefined &&
    a.text === b?.text &&
    JSON.stringify([a.applies_to, a.from]) === JSON.stringify([b.applies_to, b.from])
  );
}

/** A day some months later; the last day of a shorter month stays in it. */
function monthsLater(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const lastDay = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, lastDay))).toISOString().slice(0, 10);
}
