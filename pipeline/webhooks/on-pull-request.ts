import { isRefusal } from '../../core/errors.ts';
import { parseLesson } from '../../core/knowledge/parse.ts';
import { estimateTask } from '../../core/money/estimate.ts';
import { formatUsd } from '../../core/money/format.ts';
import { resolveTask } from '../../core/policy/resolve-task.ts';
import { wildcard } from '../../core/policy/wildcard.ts';
import type { Annotation } from '../../core/ports/host/collaboration.ts';
import type { HostEvent } from '../../core/ports/host/host-event.ts';
import { cellCode, code, escapeMarkdown } from '../../core/publish/escape.ts';
import { readRunbook } from '../../core/runbook/parse.ts';
import { lintRead } from '../../core/task-spec/lint/lint.ts';
import { readSpec } from '../../core/task-spec/parse.ts';
import type { Problem } from '../../core/task-spec/text.ts';
import { sprintOf } from '../admission/admission.ts';
import type { Deps } from '../deps.ts';
import { type HostedRepository, personBehind } from '../repository/hosted-repository.ts';
import { readSpecFile, reviewedFiles, type SpecFile } from '../repository/spec-files.ts';
import { maxSpecs, specsCheck } from './on-push.ts';
import { done, type HookOutcome, ignored, refused } from './outcome.ts';

/** Bytes. More than people write, and half a second of reading for the most hostile specs. */
const maxForkBytes = 64 * 1024;

type PullRequest = Extract<HostEvent, { kind: 'pull-request' }>;

/**
 * Reports on a pull request what its new specs would cost and whether they would be refused, and the problems of its new
 * lessons and runbooks, with annotations at their lines. Reads two trees and the ledger; starts no sandbox and claims nothing.
 */
export async function previewSpecs(deps: Deps, hosted: HostedRepository, event: PullRequest): Promise<HookOutcome> {
  if (!wildcard(hosted.trustedBranches, event.target)) return ignored(`${event.target} is not a trusted branch`);
  const [there, proposed] = await Promise.all(
    [event.base, event.head].map(async (commit) => reviewedFiles(await hosted.host.listTree(hosted.location, commit))),
  );
  if (!there || !proposed) return ignored('no tree');
  const newOf = (kind: keyof typeof proposed): SpecFile[] => {
    const known = new Set(there[kind].map(({ blob }) => blob));
    return proposed[kind].filter(({ blob }) => !known.has(blob)).slice(0, maxSpecs);
  };
  const fresh = newOf('specs');
  const files = [
    ...fresh.map((spec) => ({
      spec,
      preview: (bytes: Uint8Array) => previewOf(deps, hosted, event, spec.path, bytes),
    })),
    ...newOf('lessons').map((spec) => ({ spec, preview: lintPreview(spec.path, 'lesson', parseLesson) })),
    ...newOf('runbooks').map((spec) => ({ spec, preview: lintPreview(spec.path, 'runbook', readRunbook) })),
  ];
  if (files.length === 0) return ignored('no spec is new');
  const previews: Preview[] = [];
  // One after the other: anybody can open a pull request, and its specs are read by the process that runs everything.
  let left = event.fork ? maxForkBytes : Number.POSITIVE_INFINITY;
  for (const { spec, preview } of files) {
    left -= spec.bytes ?? 0;
    if (left < 0) {
      const summary = `### ${code(spec.path)}\n\nNot previewed: the specs of a fork are previewed up to 64 KiB in all.`;
      previews.push({ valid: true, summary, annotations: [] });
      continue;
    }
    const bytes = await readSpecFile(hosted.host, hosted.location, event.head, spec);
    previews.push(typeof bytes === 'string' ? refusalOf(spec.path, bytes) : await preview(bytes));
  }
  const annotations = previews.flatMap((preview) => preview.annotations);
  const faulty = previews.filter((preview) => !preview.valid).length;
  await hosted.collaboration.reportCheck(hosted.location, {
    name: specsCheck,
    head: event.head,
    key: `pull#${event.number}`,
    state: faulty > 0 ? 'failure' : 'success',
    title:
      faulty > 0
        ? `${faulty} of ${files.length} would be refused`
        : fresh.length > 0
          ? `${fresh.length} would start after the merge`
          : `${files.length} valid`,
    summary: [
      ...(event.fork
        ? [
            'From a fork: nothing starts before it is merged to a trusted branch. What the policy says is not shown here.',
          ]
        : []),
      ...previews.map((preview) => preview.summary),
    ].join('\n\n'),
    annotations,
  });
  return faulty > 0
    ? refused(`${faulty} of ${files.length} specs would be refused`)
    : done(`${files.length} previewed`);
}

const refusalOf = (path: string, message: string, annotations: Annotation[] = []): Preview => ({
  valid: false,
  summary: `### ${code(path)}\n\nWould be refused: ${escapeMarkdown(message)}`,
  annotations: [...annotations, { path, line: 1, level: 'failure', message }],
});

/** The problems of a lesson or a runbook, which start nothing when they are merged. */
const lintPreview =
  (path: string, what: string, read: (path: string, bytes: Uint8Array) => { problems: Problem[] }) =>
  (bytes: Uint8Array): Preview => {
    const annotations = annotationsOf(path, read(path, bytes).problems);
    const first = annotations.find(({ level }) => level === 'failure');
    if (first) return { ...refusalOf(path, first.message), annotations };
    return { valid: true, summary: `### ${code(path)}\n\nA valid ${what}.`, annotations };
  };

const annotationsOf = (path: string, problems: readonly Problem[]): Annotation[] =>
  problems.map(({ severity, rule, message, line }) => ({
    ...{ path, line, level: severity === 'error' ? 'failure' : 'warning' },
    message: `${rule}: ${message}`,
  }));

interface Preview {
  valid: boolean;
  summary: string;
  annotations: Annotation[];
}

async function previewOf(
  deps: Deps,
  { policy, repository }: HostedRepository,
  event: PullRequest,
  path: string,
  bytes: Uint8Array,
): Promise<Preview> {
  const read = readSpec(path, bytes);
  // Strangers read the answer to a fork, so it says nothing of the policy, its people and its budgets.
  const report = event.fork ? lintRead(read) : lintRead(read, undefined, policy);
  const annotations = annotationsOf(path, report.problems);
  const refusal = (message: string): Preview => refusalOf(path, message, annotations);
  const first = annotations.find((annotation) => annotation.level === 'failure');
  if (first) return { ...refusal(first.message), annotations };
  if (event.fork)
    return { valid: true, summary: `### ${code(path)}\n\nClarity: ${report.clarity} of 100.`, annotations };
  try {
    const task = resolveTask(read, policy, { requester: personBehind(policy, event.sender) });
    if (task.spec.repository !== repository)
      return refusal(`The spec names another repository, ${task.spec.repository}.`);
    const { micros, capMicros, priceNote } = estimateTask(task);
    const sprint = sprintOf(task.budget, deps.clock.now());
    const budget = sprint && (await deps.ledger.budget(task.team, sprint.sprint));
    const left = sprint && sprint.limitMicros - (budget?.committedMicros ?? 0);
    const rows = [
      ['clarity', `${report.clarity} of 100`],
      ['advice', `${report.advice.mode}: ${escapeMarkdown(report.advice.reason)}`],
      ['estimate', `${formatUsd(micros.low)} to ${formatUsd(micros.high)}, expected ${formatUsd(micros.expected)}`],
      ['at most', formatUsd(capMicros)],
      ...(priceNote === undefined ? [] : [['price', escapeMarkdown(priceNote)]]),
      ['budget left', left === undefined ? 'no budget set' : `${formatUsd(left)} of team ${escapeMarkdown(task.team)}`],
      [
        'agent',
        escapeMarkdown(task.agent.model === undefined ? task.agent.name : `${task.agent.name} (${task.agent.model})`),
      ],
      ['plan', task.planRequired ? 'approved by a person first' : 'recorded, without an approval'],
      ['reviewers', `${task.requiredReviewers} of ${task.approvers.map(escapeMarkdown).join(', ')}`],
      ['hosts', task.egress.hosts.length === 0 ? 'only the registries' : task.egress.hosts.map(cellCode).join(', ')],
      ...(task.egress.rules ?? []).map(({ host, methods, paths }) => [
        'may ask',
        cellCode(`${methods.join(', ')} https://${host} ${paths.join(' ')}`),
      ]),
      ...task.constraints.constraints.map((constraint) => [
        escapeMarkdown(constraint.text),
        constraint.enforcedBy === 'advisory' ? '**advisory**' : `enforced by ${constraint.enforcedBy}`,
      ]),
    ];
    return {
      valid: true,
      summary: [
        `### ${code(path)}`,
        ['| what | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'),
      ].join('\n\n'),
      annotations,
    };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return refusal(`${error.name}: ${error.message}`);
  }
}
