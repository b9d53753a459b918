import { counted } from '../plan/stake.ts';
import { flakyTests, flakyText } from '../run/test-report.ts';
import { code, escapeMarkdown, shortName } from './escape.ts';
import type { PublishFacts } from './facts.ts';

const maxText = 300;
const maxNamed = 5;

/** What a reviewer looks at before the rest, the worst first; each line is Markdown without line ends. */
export function lookAt(facts: PublishFacts): string[] {
  const flaky = flakyTests(facts.verify.commands);
  const unplanned = facts.files.filter(({ phase }) => phase === undefined).map(({ path }) => path);
  const targets = [...new Set(facts.refusals.map(({ target }) => target))];
  return [
    ...(facts.solo ? ['**Approved by its requester**: the policy names only one person.'] : []),
    ...facts.weakened.map((v) => `⚠ **Tests are weakened** in ${nameOf(v.path)}: ${short(v.message)}`),
    ...(facts.agentFailure === undefined ? [] : [`⚠ **The agent failed**: ${short(facts.agentFailure)}`]),
    ...(flaky === undefined ? [] : [`⚠ **Tests are flaky**. ${short(flakyText(flaky))}`]),
    ...facts.first.map(({ path, line, message }) => `${nameOf(`${path}:${line}`)}: ${short(message)}`),
    ...(unplanned.length === 0 ? [] : [`⚠ Not in the plan: ${named(unplanned)}`]),
    ...facts.critical.map(
      ({ glob, reviewers }) =>
        `${nameOf(glob)} is critical: ${counted(reviewers, 'approval')}`,
    ),
    ...(targets.length === 0 ? [] : [`⚠ Tried to reach ${named(targets)} (refused)`]),
    ...facts.plan.impact.breaking_changes.map((change) => `Breaking: ${short(change)}`),
    ...facts.plan.risks.map((risk) => `Risk: ${short(risk)}`),
    ...(facts.hidden.length === 0 ? [] : [`New files that ${code('.gitignore')} hides are not in the change: ${named(facts.hidden)}`]),
    ...(facts.flipped.length === 0 ? [] : [`The line ends of whole files changed: ${named(facts.flipped)}`]),
    ...(facts.reviews.length === 0 ? [] : [`What agents found in review: ${counted(facts.reviews.length, 'line')} below`]),
  ]; // biome-ignore format: one line each
}

const nameOf = (name: string): string => code(shortName(name));

const short = (text: string): string => escapeMarkdown(text.length <= maxText ? text : `${text.slice(0, maxText)} …`);

const named = (names: readonly string[]): string =>
  `${names.slice(0, maxNamed).map(nameOf).join(', ')}${names.length > maxNamed ? ` and ${names.length - maxNamed} more` : ''}`;
