import { formatUsd } from '../money/format.ts';
import type { CommandResult } from '../run/phase.ts';
import { flakyTests, flakyText } from '../run/test-report.ts';
import type { RunbookUse } from '../runbook/record.ts';
import { cellCode, code, escapeMarkdown } from './escape.ts';
import type { PartFact, PublishFacts } from './facts.ts';

/** UTF-16 code units. Code hosts refuse longer bodies; a cut body says so. */
const maxBody = 60_000;
/** A reviewer does not read a longer table. */
const maxFiles = 100;
const maxRefusals = 50;
const maxFirst = 50;
const maxReviews = 60;

/** The body of the draft pull request: plan, evidence, cost, provenance, rollback. */
export function pullRequestBody(facts: PublishFacts): string {
  const flaky = flakyTests(facts.verify.commands);
  const body = [
    `Run ${code(facts.runId)} of ${code(facts.taskId)}, made by an agent from ${code(facts.specPath)}.${facts.link === undefined ? '' : ` [Plan, evidence and votes](${facts.link}).`}`,
    ...(facts.solo ? ['**Approved by its requester**: the policy names only one person.'] : []),
    ...(facts.agentFailure === undefined ? [] : ['## The agent failed', escapeMarkdown(facts.agentFailure)]),
    ...(flaky === undefined ? [] : ['## Tests are flaky', escapeMarkdown(flakyText(flaky))]),
    ...(facts.weakened.length > 0
      ? ['## Tests are weakened', ...facts.weakened.map((v) => `- ${code(v.path)}: ${escapeMarkdown(v.message)}`)]
      : []),
    ...(facts.first.length > 0
      ? [
          '## Look at these first',
          ...facts.first
            .slice(0, maxFirst)
            .map(({ path, line, message }) => `- ${code(`${path}:${line}`)}: ${escapeMarkdown(message)}`),
          ...(facts.first.length > maxFirst ? [`and ${facts.first.length - maxFirst} more.`] : []),
        ]
      : []),
    '## Plan',
    ...facts.plan.phases.map((phase, i) => `${i + 1}. ${escapeMarkdown(phase.name)}`),
    ...partsSection(facts.parts),
    '## Changed files',
    table(
      ['file', 'change', 'plan phase'],
      facts.files
        .slice(0, maxFiles)
        .map((f) => [
          cellCode(f.path),
          f.op === 'put' ? 'written' : 'deleted',
          f.phase === undefined ? '**not planned**' : escapeMarkdown(f.phase),
        ]),
    ),
    ...(facts.files.length > maxFiles ? [`and ${facts.files.length - maxFiles} more.`] : []),
    ...(facts.hidden.length > 0
      ? ['New files that `.gitignore` hides are not in this change:', ...facts.hidden.map((path) => `- ${code(path)}`)]
      : []),
    ...(facts.flipped.length > 0
      ? ['The line ends of whole files changed:', ...facts.flipped.map((file) => `- ${code(file)}`)]
      : []),
    ...(facts.reviews.length > 0
      ? [
          '## What agents found in review',
          ...facts.reviews.slice(0, maxReviews).map((line) => `- ${escapeMarkdown(line)}`),
          ...(facts.reviews.length > maxReviews ? [`and ${facts.reviews.length - maxReviews} more.`] : []),
        ]
      : []),
    '## Verified in a fresh sandbox',
    table(
      ['check', 'command', 'result', 'seconds'],
      facts.verify.commands.map((c) => [
        escapeMarkdown(c.name),
        cellCode(c.command),
        resultOf(c),
        (c.ms / 1000).toFixed(1),
      ]),
    ),
    `Versions: ${Object.entries(facts.verify.versions)
      .map(([name, v]) => `${escapeMarkdown(name)} ${escapeMarkdown(v)}`)
      .join(', ')}. Limits enforced by ${escapeMarkdown(facts.verify.enforcer)}.`,
    ...(facts.constraints.length > 0
      ? [
          '## Constraints',
          table(
            ['constraint', 'enforced by'],
            facts.constraints.map((c) => [
              escapeMarkdown(c.text),
              c.enforcedBy === 'advisory' ? 'advisory' : `${c.enforcedBy}: ${escapeMarkdown(c.detail)}`,
            ]),
          ),
        ]
      : []),
    ...(facts.refusals.length > 0
      ? [
          '## Refused outgoing requests',
          ...facts.refusals
            .slice(0, maxRefusals)
            .map(
              (r) =>
                `- ${code(r.target)}: ${escapeMarkdown(r.reason)}${r.allow === '' ? '' : `; would be allowed by ${code(r.allow)}`}${r.allowInSpec === undefined ? '' : ` and, in the spec, ${code(r.allowInSpec)}`}`,
            ),
          ...(facts.refusals.length > maxRefusals ? [`and ${facts.refusals.length - maxRefusals} more.`] : []),
        ]
      : []),
    '## Cost',
    `${formatUsd(facts.usdMicros)} for ${facts.tokens.input} tokens in (${facts.tokens.cached} cached) and ${facts.tokens.output} out, measured at the gateway.`,
    '## Rollback',
    escapeMarkdown(facts.plan.rollback === '' ? 'Revert the merge commit.' : facts.plan.rollback),
    '## Provenance',
    table(
      ['what', 'value'],
      [
        ['spec', cellCode(`${facts.specPath}@${facts.specBlob}`)],
        ...(facts.trigger === undefined
          ? []
          : [['started by', `${facts.trigger.kind}, ${cellCode(facts.trigger.what)}`]]),
        ...(facts.runbook === undefined ? [] : [['runbook', runbookText(facts.runbook)]]),
        ...(facts.lessons.length === 0 ? [] : [['lessons of the team', facts.lessons.map(cellCode).join(', ')]]),
        ['base', cellCode(facts.base)],
        ['policy', cellCode(facts.policyDigest)],
        ['prompt', cellCode(facts.promptVersion)],
        ['agent', escapeMarkdown(facts.agent)],
        ['model', escapeMarkdown(facts.model ?? 'none')],
        ['requested by', escapeMarkdown(facts.requester)],
        ['plan approved by', escapeMarkdown(facts.planApprovers.join(', ') || 'nobody: not required')],
      ],
    ),
  ].join('\n\n');
  // Cut between lines, because each line is complete in itself, also a row of a table.
  return body.length <= maxBody ? body : `${body.slice(0, body.lastIndexOf('\n', maxBody - cut.length))}${cut}`;
}

/** Who did which part of a campaign, with its own verification and cost. */
function partsSection(parts: readonly PartFact[]): string[] {
  if (parts.length === 0) return [];
  const rows = parts.map((part) => [
    `${code(part.id)}: ${escapeMarkdown(part.title)}${part.dependsOn.length === 0 ? '' : ` (after ${part.dependsOn.map(code).join(', ')})`}`,
    part.leftOut
      ? '**left out**'
      : `${escapeMarkdown(part.agent ?? 'nobody')}${part.role === undefined ? '' : `, ${escapeMarkdown(part.role)}`}${part.rounds > 1 ? `, ${part.rounds} rounds` : ''}`,
    String(part.files),
    part.commands.length === 0
      ? 'not run'
      : part.commands.map((each) => `${escapeMarkdown(each.name)} ${resultOf(each)}`).join(', '),
    formatUsd(part.usdMicros),
  ]);
  return ['## Parts', table(['part', 'by', 'files', 'verified', 'cost'], rows)];
}

const cut = '\n\n(cut: the run keeps the whole text)';

function resultOf({ exitCode, timedOut }: CommandResult): string {
  if (timedOut) return 'timed out';
  return exitCode === 0 ? 'passed' : exitCode === null ? 'was stopped' : `exit ${exitCode}`;
}

const runbookText = ({ name, version, digest }: RunbookUse): string =>
  `${cellCode(name)} version ${version}, ${cellCode(digest)}`;

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return 'None.';
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
