import { z } from 'zod';

/** `blocking` findings are reworked; the others are shown to people. */
const severities = ['blocking', 'warning', 'note'] as const;

const finding = z.strictObject({
  severity: z.enum(severities).describe('blocking: the change must not go on like this. warning, note: for people.'),
  path: z.string().min(1).max(1_000).describe('File of the change or of the repository.'),
  line: z.int().positive().max(10_000_000).optional().describe('Line of the file with the change, counted from 1.'),
  message: z.string().min(1).max(2_000).describe('What is wrong, and what would be right.'),
});
export type Finding = z.infer<typeof finding>;

/** The answer of an agent that reviews a change (R52). */
export const review = z.strictObject({
  summary: z.string().max(2_000).default(''),
  findings: z.array(finding).max(50).describe('Empty if there is nothing to say.'),
});
export type Review = z.infer<typeof review>;

/** What one reviewer found in one change, as it is kept with the run. */
const reviewed = z.strictObject({
  /** Profile of the policy. */
  reviewer: z.string(),
  model: z.string().optional(),
  /** Number of the review in its run. */
  round: z.int().positive(),
  /** Digest of the manifest of the change. */
  change: z.string(),
  usdMicros: z.int().nonnegative(),
  summary: z.string(),
  findings: z.array(
    z.strictObject({
      ...finding.shape,
      /** Whether the next round changed what it is about; absent while there was no next round. */
      acted: z.boolean().optional(),
    }),
  ),
});
export type Reviewed = z.infer<typeof reviewed>;

/** Oldest first. */
export const reviewsOfRun = z.array(reviewed);

/** How often agents found something, and how often the next round changed it. */
export interface ReviewCounts {
  reviews: number;
  findings: number;
  blocking: number;
  acted: number;
}

export function countReviews(reviews: readonly Reviewed[]): ReviewCounts {
  const findings = reviews.flatMap((each) => each.findings);
  return {
    reviews: reviews.length,
    findings: findings.length,
    blocking: findings.filter(({ severity }) => severity === 'blocking').length,
    acted: findings.filter(({ acted }) => acted === true).length,
  };
}

/** The reviews of the change that a run has now: the last one of each reviewer. */
export const currentReviews = (reviews: readonly Reviewed[], change: string | undefined): Reviewed[] => [
  ...new Map(reviews.filter((each) => each.change === change).map((each) => [each.reviewer, each])).values(),
];

const lineOf = ({ path, line }: Finding): string => (line === undefined ? path : `${path}:${line}`);

/** One line for each finding; the caller escapes the text. */
export const findingLine = (each: Finding): string =>
  `${each.severity} ${lineOf(each)}: ${each.message.replace(/\s+/g, ' ')}`;

/** What people read of the reviews of a change: who found what, and what went on without a review. The caller escapes it. */
export function reviewLines(reviews: readonly Reviewed[], waived: readonly { by: string[]; what: string }[]): string[] {
  const found = reviews.flatMap(({ reviewer, model, findings, summary }) => [
    `${reviewer}${model === undefined ? '' : ` (${model})`} ${findings.length === 0 ? 'found nothing' : `has ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`}${summary === '' ? '' : `: ${summary.replace(/\s+/g, ' ').slice(0, 500)}`}`,
    ...findings.map((each) => `${reviewer}: ${findingLine(each).slice(0, 600)}`),
  ]);
  return [...found, ...waived.map(({ by, what }) => `${by.join(', ')} went on all the same: ${what}`)];
}

/** Paths of findings that neither the change nor the tree has. */
export const unknownPaths = ({ findings }: Review, known: (path: string) => boolean): string[] => [
  ...new Set(findings.map(({ path }) => path).filter((path) => !known(path))),
];
