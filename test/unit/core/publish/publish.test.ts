import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../../../core/plan/schema.ts';
import { commitMessage } from '../../../../core/publish/commit-message.ts';
import { cellCode, code, escapeMarkdown } from '../../../../core/publish/escape.ts';
import { pullRequestBody } from '../../../../core/publish/pull-request.ts';
import { factsOf } from './facts.ts';

const hostileText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '`',
      '``',
      '|',
      '\\',
      '\n',
      '\r\n',
      '<script>',
      '<!--',
      '@octocat',
      '#1',
      '# ',
      '- ',
      '1. ',
      '> ',
      '](x)',
      '![',
      '---',
      '***',
      '&#64;',
      'https://x.y',
      'www.x.y',
      '\u202e',
      '\ud83d',
      'GH-7',
      '\t',
      '===',
    ),
    fc.string({ maxLength: 2 }),
  ),
  maxLength: 15,
});
/** What is left when backslash escapes are taken as the characters they stand for: none may be active. */
const active = (text: string): string => text.replace(/\\[!-/:-@[-`{-~]/g, 'x');

describe('escaped Markdown', () => {
  it('has no active markup, HTML, mention, link, heading, list, table or second line, from any input', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const escaped = escapeMarkdown(text);
        expect(active(escaped)).not.toMatch(/[\\`*_{}[\]()<>#+!|~&\n\r]|^[-=]|^\d+[.)]|:\/\/|www\./i);
        expect(escaped).not.toMatch(/@\w|#\d|GH-\d/i);
        expect(escaped.toWellFormed()).toBe(escaped);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['1. one', '1\\. one'],
    ['1) one', '1\\) one'],
    ['- a', '\\- a'],
    ['a-b 1.5', 'a-b 1.5'],
    ['@octocat', '@\u200boctocat'],
    ['me@example.com', 'me@\u200bexample.com'],
    ['#12', '\\#\u200b12'],
    ['&#64;octocat', '\\&\\#\u200b64;octocat'],
    ['see https://x.y', 'see https\\://x.y'],
    ['a|b', 'a\\|b'],
  ])('writes %j as %j', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });

  it('keeps code in one span, and in one cell', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const span = code(text);
        const bar = /^`+/.exec(span)?.[0] ?? '';
        if (bar === '') expect(span).toBe('(empty)');
        else expect(span.slice(bar.length, -bar.length).match(/`+/g) ?? []).not.toContain(bar);
        expect(span).not.toContain('\n');
        expect(cellCode(text).replace(/\\[!-/:-@[-`{-~]/g, '')).not.toContain('|');
      }),
    );
    expect([code('a`b'), code(''), code('x')]).toEqual(['`` a`b ``', '(empty)', '`x`']);
  });
});

describe('the body of a pull request (R6, R25, R33)', () => {
  it('says plan, files, evidence, cost, rollback and provenance', () => {
    const body = pullRequestBody(factsOf({ files: [{ path: 'src/a|b.ts', op: 'delete', phase: undefined }] }));
    for (const part of [
      '1. one',
      '| src/a\\|b.ts | deleted | **not planned** |',
      '| test | `npm test` | passed | 1.2 |',
      '$1.23 for 10 tokens in (3 cached)',
      'Revert the merge commit.',
      '| requested by | dev |',
      '| plan approved by | lead |',
    ]) {
      expect(body).toContain(part);
    }
    expect(body).not.toContain('Approved by its requester');
  });

  it('shows first that tests are weaker, that one person decided, and what was refused', () => {
    const body = pullRequestBody(
      factsOf({
        solo: true,
        weakened: [{ rule: 'TestsWeakened', path: 'a.test.ts', message: '1 of 2 tests are gone' }],
        first: [{ rule: 'CiChanged', path: '.husky/`x`', line: 3, message: 'is new: what CI does', named: false }],
        refusals: Array.from({ length: 60 }, (_, i) => ({
          target: `h${i}:443`,
          command: '',
          reason: 'no',
          allow: 'egress.hosts',
          at: '',
        })),
      }),
    );
    const fold = body.indexOf('<details>');
    for (const first of ['Approved by its requester', 'Tests are weakened', '.husky', 'h0:443'])
      expect([first, body.indexOf(first) < fold && body.includes(first)]).toEqual([first, true]);
    expect(body).toContain('- `h49:443`: no; would be allowed by `egress.hosts`\n\nand 10 more.');
  });

  it('says that the agent failed, that tests are flaky, and which new files git ignores', () => {
    const ran = { command: 'npm test', timedOut: false, ms: 1, output: 'not ok 1 - *moon*\n' };
    const body = pullRequestBody(
      factsOf({
        agentFailure: 'AgentFailed: the agent exited with 3',
        hidden: ['out.log', 'a`b'],
        verify: {
          commands: [
            { ...ran, name: 'test', exitCode: 1 },
            { ...ran, name: 'test again', exitCode: 0 },
          ],
          versions: {},
          enforcer: 'none',
        },
      }),
    );
    expect(body).toContain('- ⚠ **The agent failed**: AgentFailed: the agent exited with 3\n');
    expect(body).toContain('- ⚠ **Tests are flaky**. The tests failed and then passed on the same tree: not ok 1');
    expect(body).toContain('are not in the change: `out.log`, `` a`b ``');
    for (const heading of ['The agent failed', 'flaky', 'not in the change'])
      expect(pullRequestBody(factsOf())).not.toContain(heading);
  });

  it('tells how a command ended that has no exit code', () => {
    const command = { name: 'c', command: 'c', exitCode: null, ms: 0, output: '' };
    const commands = [
      { ...command, timedOut: true },
      { ...command, timedOut: false },
      { ...command, exitCode: 3, timedOut: false },
    ];
    const body = pullRequestBody(factsOf({ verify: { commands, versions: {}, enforcer: 'none' } }));
    expect(body.match(/timed out|was stopped|exit 3/g)).toEqual(['timed out', 'was stopped', 'exit 3']);
  });

  it('is at most 60,000 characters, cut between lines, and then says so', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 300 }), (length, count) => {
        const constraints = Array.from({ length: count }, () => ({
          text: `${'x'.repeat(length)}👍`,
          enforcedBy: 'advisory' as const,
          detail: '',
        }));
        const body = pullRequestBody(factsOf({ constraints }));
        expect(body.length).toBeLessThanOrEqual(60_000);
        expect(body.endsWith('(cut: the run keeps the whole text)')).toBe(!body.includes('| plan approved by |'));
        for (const line of body.split('\n')) if (line.startsWith('|')) expect(line.endsWith(' |')).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('has the same rows and headings whatever the texts say', () => {
    const shape = (text: string) => {
      const body = pullRequestBody(
        factsOf({
          agent: text,
          requester: text,
          constraints: [{ text, enforcedBy: 'advisory', detail: '' }],
          files: [{ path: text, op: 'put', phase: text }],
          verify: {
            commands: [{ name: text, command: text, exitCode: 0, timedOut: false, ms: 0, output: '' }],
            versions: {},
            enforcer: text,
          },
        }),
      );
      return body
        .split('\n')
        .map((line) =>
          line.startsWith('|')
            ? line.replace(/\\[!-/:-@[-`{-~]/g, '').split('|').length
            : line.startsWith('#')
              ? line
              : line === '',
        );
    };
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(shape(text)).toEqual(shape('x'));
      }),
      { numRuns: 100 },
    );
  });
});

describe('the message of a commit (R6)', () => {
  const trailersOf = (message: string) =>
    execFileSync('git', ['interpret-trailers', '--parse'], { input: message, encoding: 'utf8' }).trimEnd().split('\n');

  it('leads back to run, spec, plan phase and people, as git reads it', () => {
    const message = commitMessage(
      factsOf({ files: ['one', 'two', 'one', undefined].map((phase, i) => ({ path: `${i}`, op: 'put', phase })) }),
    );
    expect(message.split('\n')[0]).toBe('T-1: Fix the rounding');
    expect(trailersOf(message)).toEqual([
      'Drydock-Run: r-1',
      'Drydock-Task: T-1',
      `Drydock-Spec: .agent-tasks/t.yaml@${'b'.repeat(40)}`,
      `Drydock-Base: ${'a'.repeat(40)}`,
      `Drydock-Policy: ${'d'.repeat(64)}`,
      'Drydock-Prompt: 1',
      'Drydock-Agent: careful',
      'Drydock-Model: gemini-2.5-pro',
      'Drydock-Plan-Phase: one',
      'Drydock-Plan-Phase: two',
      'Drydock-Plan-Approved-By: lead',
      'Drydock-Requested-By: dev',
    ]);
  });

  it.each([
    'x\n\nDrydock-Run: r-evil',
    'x\r\nDrydock-Run: r-evil',
    '---',
    '# comment',
    'Signed-off-by: evil <e@x>',
    'a\u2028Drydock-Run: r-evil',
    '',
  ])('has no trailer from a title or a phase named %j', (hostile) => {
    const trailers = trailersOf(
      commitMessage(factsOf({ title: hostile, files: [{ path: 'a', op: 'put', phase: hostile }] })),
    );
    expect(trailers.map((line) => line.split(':')[0])).toEqual([
        'Drydock-Run', 'Drydock-Task', 'Drydock-Spec', 'Drydock-Base', 'Drydock-Policy', 'Drydock-Prompt', 'Drydock-Agent',
        'Drydock-Model', 'Drydock-Plan-Phase', 'Drydock-Plan-Approved-By', 'Drydock-Requested-By',
      ]); // biome-ignore format: names
    expect(trailers[0]).toBe('Drydock-Run: r-1');
  });

  it('has a subject of at most 72 characters and one line per trailer, from any text', () => {
    fc.assert(
      fc.property(hostileText, fc.string({ unit: 'binary' }), (title, phase) => {
        const message = commitMessage(
          factsOf({
            title: title.repeat(9),
            files: [{ path: 'a', op: 'put', phase }],
            plan: plan.parse({ summary: phase.slice(0, 4_000), phases: [{ name: 'one' }] }),
          }),
        );
        const [subject = '', blank] = message.split('\n');
        const rest = message.slice(message.lastIndexOf('\n\n') + 2).split('\n');
        expect([
          subject.length <= 72,
          subject.toWellFormed() === subject,
          subject.startsWith('T-1:'),
          blank,
          rest.at(-1),
        ]).toEqual([true, true, true, '', '']);
        expect(rest.slice(0, -1).every((line) => /^Drydock-[A-Za-z-]+: /.test(line))).toBe(true);
        expect(rest).toHaveLength(12);
      }),
    );
  });
});

describe('the words of an agent in a commit message', () => {
  const messageOf = (phase: string, more: object = {}) =>
    commitMessage(factsOf({ files: [{ path: 'a', op: 'put', phase }], ...more }));

  it.each([
    ['skips no CI', 'Mend [skip ci]', /\[[^\]]*(?:skip|ci)[^\]]*\]/i],
    ['skips no CI by another order', 'Mend [CI Skip]', /\[[^\]]*(?:skip|ci)[^\]]*\]/i],
    ['skips no CI by other words', 'Mend [no ci] [skip actions] [actions skip] [skip azurepipelines]', /\[/],
    ['skips no CI by stars', 'Mend ***NO_CI***', /\*{2}/],
    ['skips no checks', 'Mend skip-checks: true', /skip-checks/],
    ['closes no issue', 'Fixes #1, closes a/b#2, resolves GH-3', /#\d|GH-\d/],
    ['closes no issue by its address', 'Fixes https://github.com/a/b/issues/1', /:\/\//],
    ['names nobody', 'ask @everyone and @acme/team', /@[\w-]/],
    ['adds no trailer', 'Mend\nDrydock-Plan-Approved-By: mallory', /^Drydock-Plan-Approved-By: mallory/m],
  ])('%s', (_, phase, order) => {
    const message = messageOf(phase);
    expect(
      message
        .split('\n')
        .filter((line) => /Plan-Phase|^Drydock-Plan-Approved-By: m/.test(line))
        .join('\n'),
    ).not.toMatch(order);
  });

  it('stay as they are otherwise, and so do addresses of people', () => {
    const message = messageOf('Mend add [math], 2 * 3', {
      planApprovers: ['lead@example.com'],
      title: 'Fix [skip ci] it',
    });
    expect(message).toContain('Drydock-Plan-Phase: Mend add [math], 2 * 3\n');
    expect(message).toContain('Drydock-Plan-Approved-By: lead@example.com\n');
    expect(message.split('\n')[0]).toContain('Fix (skip ci) it');
  });
});
