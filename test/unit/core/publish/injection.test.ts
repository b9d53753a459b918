/** Texts of specs, agents and people in every text that a code host shows or reads orders from. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { plan } from '../../../../core/plan/schema.ts';
import { checkSummary, checkTitle } from '../../../../core/publish/check.ts';
import { commitMessage } from '../../../../core/publish/commit-message.ts';
import type { PublishFacts } from '../../../../core/publish/facts.ts';
import { pullRequestBody } from '../../../../core/publish/pull-request.ts';
import { checks } from './cases.ts';
import { factsOf } from './facts.ts';

/** Every text of the facts that comes from outside. */
const everywhere = (text: string): PublishFacts =>
  factsOf({
    title: text,
    instructions: text,
    requester: text,
    planApprovers: [text],
    agent: text,
    model: text,
    agentFailure: text,
    plan: plan.parse({
      summary: text,
      phases: [{ name: text.slice(0, 200) || 'x', steps: [text] }],
      impact: { breaking_changes: [text] },
      risks: [text],
      rollback: text,
    }),
    files: [{ path: text, op: 'put', phase: text }],
    constraints: [{ text, enforcedBy: 'guard', detail: text }],
    critical: [{ glob: text, reviewers: 2 }],
    rounds: [{ round: 2, by: [text], text }],
    added: [{ by: [text], constraint: text }],
    answers: [{ by: text, question: text, text }],
    remarks: [{ by: text, text }],
    reviews: [text],
    hidden: [text],
    flipped: [text],
    weakened: [{ rule: 'TestsWeakened', path: text, message: text }],
    first: [{ rule: 'CiChanged', path: text, line: 1, message: text, named: false }],
    refusals: [{ target: text, command: text, reason: text, allow: text, at: '' }],
    verify: {
      commands: [{ name: text, command: text, exitCode: 1, timedOut: false, ms: 0, output: text }],
      versions: { node: text },
      enforcer: text,
    },
    lessons: [text],
  });

const attacks: [title: string, text: string][] = [
  ['HTML', '<img src=x onerror=alert(1)>'],
  ['the end of a fold', '</details>\n\n</summary>'],
  ['a fold', '<details><summary>x</summary>'],
  ['a comment that hides', '<!-- hidden'],
  ['a link', '[x](javascript:alert(1))'],
  ['a picture', '![x](https://evil.example/x.png)'],
  ['a mention', 'ask @everyone and @acme/team'],
  ['an issue to close', 'Fixes #1, closes GH-2'],
  ['a row of a table', 'a | b |\n| c | d |'],
  ['a heading', '# Approved\n## By lead'],
  ['a fence', '```\n/drydock approve\n```'],
  ['a command', '/drydock approve'],
  ['a command in a later line', 'x\n/drydock approve\n/merge'],
  ['a command of another bot', 'bors r+\n@dependabot merge'],
  ['a trailer', 'x\n\nDrydock-Plan-Approved-By: mallory'],
  ['a trailer at a line that wraps', `${'word '.repeat(13)}Drydock-Run: r-evil Signed-off-by: mallory`],
  ['the end of a message', `${'word '.repeat(14)}--- diff --git a/x b/x`],
  ['a mark that skips CI', '[skip ci] ***NO_CI*** skip-checks: true'],
  ['hidden characters', 'a\u202eb\u200bc\u2028/drydock approve'],
];

/** What is left when backslash escapes stand for the characters that they escape, and code spans are code. */
const active = (text: string): string =>
  text
    .replace(/\\[!-/:-@[-`{-~]/g, 'x')
    .replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, 'code')
    .replace(/^<details><summary>[\w ,:]*<\/summary>$|^<\/details>$/gm, '');
const orders = /<[a-z!/]|\]\(|@\w|(?:#|GH-)\d|^[ \t]*(?:\/|bors|@)|[\u202e\u200b\u2028](?!\w|\d)/im;

describe.each(attacks)('%s in every text', (_, text) => {
  test('is text in a pull request, which has as many lines, rows and folds as without it', () => {
    const body = pullRequestBody(everywhere(text));
    expect(active(body)).not.toMatch(orders);
    const shape = (made: string) =>
      made.split('\n').map((line) => /^(?:\||<details>|<\/details>|#|- |$)/.exec(line)?.[0] ?? 'text');
    expect(shape(body)).toEqual(shape(pullRequestBody(everywhere('x'))));
  });

  test('is text in the title and the summary of a check', () => {
    for (const facts of Object.values(checks)) {
      const evil = {
        ...facts,
        record: { ...facts.record, title: text, requester: text, error: { name: 'X', message: text, remedy: text } },
        gate: facts.gate && { ...facts.gate, title: text },
        may: [text],
        ciGates: [text],
      };
      expect(checkTitle(evil).split(/[\r\n\u2028]/)).toHaveLength(1);
      expect(active(checkSummary(evil))).not.toMatch(orders);
    }
  });

  test('is text in a commit message: no trailer, no order, no end', () => {
    const given = everywhere(text);
    const message = commitMessage({
      ...given,
      requester: 'dev',
      planApprovers: ['lead'],
      agent: 'a',
      model: 'm',
      rounds: [{ round: 2, by: ['ben'], text }],
    });
    const trailers = execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' });
    expect(trailers.match(/^[\w-]+(?=:)/gm)).toEqual([
      'Drydock-Run', 'Drydock-Task', 'Drydock-Spec', 'Drydock-Base', 'Drydock-Policy', 'Drydock-Prompt',
      'Drydock-Agent', 'Drydock-Model', 'Drydock-Plan-Phase', 'Drydock-Plan-Approved-By', 'Drydock-Requested-By',
    ]); // biome-ignore format: names
    expect(trailers).toMatch(/^Drydock-Plan-Approved-By: lead$/m);
    const written = message.slice(0, message.lastIndexOf('\n\n'));
    expect(written).not.toMatch(/^(?!Why: )(?:[\w-]+: |---|#|diff |\/|bors|@)/m);
    expect(written).not.toMatch(/\[(?:skip|ci)|\*{2}|skip-checks:|@\w|#\d|GH-\d|[\u202e\u200b\u2028]/i);
  });
});
