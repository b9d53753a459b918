import { formatUsd } from '../money/format.ts';
import type { CommandResult } from '../run/phase.ts';
import type { RunbookUse } from '../runbook/record.ts';
import { cellCode, code, escapeMarkdown, shortName } from './escape.ts';
import type { FileFact, PartFact, PublishFacts } from './facts.ts';
import { linesText, table } from './verdict.ts';

/** Cells of changed files. */
export const fileRows = (files: readonly FileFact[]): string[][] =>
  files.map((file) => [
    cellCode(shortName(file.path)),
    changeText(file),
    file.phase === undefined ? '**not planned**' : escapeMarkdown(file.phase),
  ]);

const changeText = ({ op, size }: FileFact): string =>
  size ? `${size.op}${linesText(size)}` : op === 'put' ? 'written' : 'deleted';

/** What the plan says, phase by phase. */
export function planBlocks({ plan, planApprovers }: PublishFacts): string[] {
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`**${title}**`, lines.map((line) => `- ${escapeMarkdown(line)}`).join('\n')];
  return [
    plan.phases
      .map(({ name, steps }, i) =>
        [`${i + 1}. ${escapeMarkdown(name)}`, ...steps.map((step) => `   - ${escapeMarkdown(step)}`)].join('\n'),
      )
      .join('\n'),
    ...list('Breaking changes', plan.impact.breaking_changes),
    ...list('Risks', plan.risks),
    `Approved by ${planApprovers.map(escapeMarkdown).join(', ') || 'nobody: not required'}.`,
  ];
}

/** Who did which part of a campaign, with its own verification and cost. */
export function partsTable(parts: readonly PartFact[]): string {
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
  return table(['part', 'by', 'files', 'verified', 'cost'], rows);
}

export function verifyBlocks({ verify }: PublishFacts): string[] {
  return [
    table(
      ['check', 'command', 'result', 'seconds'],
      verify.commands.map((c) => [escapeMarkdown(c.name), cellCode(c.command), resultOf(c), (c.ms / 1000).toFixed(1)]),
    ),
    `Versions: ${
      Object.entries(verify.versions)
        .map(([name, v]) => `${escapeMarkdown(name)} ${escapeMarkdown(v)}`)
        .join(', ') || 'not known'
    }. Limits enforced by ${escapeMarkdown(verify.enforcer)}.`,
  ];
}

export const constraintsTable = ({ constraints }: PublishFacts): string =>
  table(
    ['constraint', 'enforced by'],
    constraints.map((c) => [
      escapeMarkdown(c.text),
      c.enforcedBy === 'advisory' ? 'only told' : `${c.enforcedBy}: ${escapeMarkdown(c.detail)}`,
    ]),
  );

/** Constraints, answers and remarks of people, one line each, oldest first. */
export const peopleLines = ({ added, answers, remarks, rounds }: PublishFacts): string[] => [
  ...added.map(({ by, constraint }) => `${escapeMarkdown(by.join(', '))} added to the plan: ${escapeMarkdown(constraint)}`),
  ...answers.map(
    ({ by, question, text }) => `${escapeMarkdown(by)} answered “${escapeMarkdown(question)}”: ${escapeMarkdown(text)}`,
  ),
  ...remarks.map(({ by, text }) => `${escapeMarkdown(by)} said meanwhile: ${escapeMarkdown(text)}`),
  ...rounds.map(
    ({ round, by, text }) => `Round ${round}: ${escapeMarkdown(by.join(', '))} asked: ${escapeMarkdown(text.slice(0, 2_000))}`,
  ),
]; // biome-ignore format: one line each

export const refusalLines = ({ refusals }: PublishFacts): string[] =>
  refusals.map(
    (r) =>
      `${code(shortName(r.target))}: ${escapeMarkdown(r.reason)}${r.allow === '' ? '' : `; would be allowed by ${code(r.allow)}`}${r.allowInSpec === undefined ? '' : ` and, in the spec, ${code(r.allowInSpec)}`}`,
  );

export const provenanceTable = (facts: PublishFacts): string =>
  table(
    ['what', 'value'],
    [
      ['run', cellCode(facts.runId)],
      ['spec', cellCode(`${facts.specPath}@${facts.specBlob}`)],
      ...(facts.trigger === undefined ? [] : [['started by', `${facts.trigger.kind}, ${cellCode(facts.trigger.what)}`]]),
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
  ); // biome-ignore format: one row each

function resultOf({ exitCode, timedOut }: CommandResult): string {
  if (timedOut) return 'timed out';
  return exitCode === 0 ? 'passed' : exitCode === null ? 'was stopped' : `exit ${exitCode}`;
}

const runbookText = ({ name, version, digest }: RunbookUse): string =>
  `${cellCode(name)} version ${version}, ${cellCode(digest)}`;
