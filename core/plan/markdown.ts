import type { Plan } from './schema.ts';

/** An item of a phase; further lines of its text stay in the item. */
const item = (text: string): string => `   - ${text.trim().replace(/\n(?=.)/g, '\n     ')}`;

/** The plan as text for a gate, a terminal or a pull request. Values are not escaped: the caller escapes the text. */
export function planMarkdown(plan: Plan): string {
  const phases = plan.phases.flatMap((phase, index) => [
    `${index + 1}. ${phase.name}${phase.checkpoint ? ' (checkpoint)' : ''}`,
    ...phase.steps.map(item),
    ...(phase.files.length > 0 ? [item(`files: ${phase.files.join(', ')}`)] : []),
    ...(phase.tests.length > 0 ? [item(`tests: ${phase.tests.join(', ')}`)] : []),
  ]);
  const parts = (plan.parts ?? []).flatMap((part) => [
    `- ${part.id}: ${part.title}${part.depends_on.length > 0 ? ` (after ${part.depends_on.join(', ')})` : ''}`,
    ...[part.role, part.agent && `agent ${part.agent}`, part.usd && `at most ${part.usd} USD`]
      .filter((fact) => fact !== undefined)
      .map((fact) => `  - ${fact}`),
    `  - ${part.instructions.trim().replace(/\s+/g, ' ')}`,
    `  - files: ${part.target_paths.join(', ')}`,
  ]);
  const section = (title: string, lines: string[]) => (lines.length === 0 ? [] : ['', `${title}:`, ...lines]);
  const bullets = (lines: string[]) => lines.map((line) => `- ${line}`);
  return [
    ...(plan.summary === '' ? [] : [plan.summary, '']),
    ...phases,
    ...section('Parts, which run in parallel', parts),
    ...section('Research', bullets(plan.research.map(({ claim, source }) => `${claim} (${source})`))),
    ...section(
      'Impact',
      bullets([...plan.impact.components, ...plan.impact.breaking_changes.map((b) => `breaking: ${b}`)]),
    ),
    ...section('Risks', bullets(plan.risks)),
    ...section('Rollback', plan.rollback === '' ? [] : [plan.rollback]),
  ].join('\n');
}
