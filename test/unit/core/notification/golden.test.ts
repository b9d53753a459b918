/** Every kind of message on every channel, as people get it: `vitest -u` after a change of words, and look at it. */
import { describe, expect, test } from 'vitest';
import { cardOf } from '../../../../core/notification/card.ts';
import { noticeKinds } from '../../../../core/notification/notice.ts';
import { githubComment } from '../../../../core/notification/render/github.ts';
import { mailHtml } from '../../../../core/notification/render/mail-html.ts';
import { slackMessage } from '../../../../core/notification/render/slack.ts';
import { textOf } from '../../../../core/notification/render/text.ts';
import { webhookJson } from '../../../../core/notification/render/webhook.ts';
import { sampleNotice } from '../../../support/notices.ts';

const channels = {
  text: {
    end: 'txt',
    render: (kind) => `${cardOf(sampleNotice(kind)).subject}\n\n${textOf(cardOf(sampleNotice(kind)))}\n`,
  },
  mail: { end: 'html', render: (kind) => mailHtml(cardOf(sampleNotice(kind))) },
  slack: { end: 'json', render: (kind) => json(slackMessage(cardOf(sampleNotice(kind)), ['U012ANNA'])) },
  github: { end: 'md', render: (kind) => `${githubComment(cardOf(sampleNotice(kind)), answersOf(kind))}\n` },
  webhook: { end: 'json', render: (kind) => json(JSON.parse(webhookJson(sampleNotice(kind), 'a'.repeat(32)))) },
} satisfies Record<string, { end: string; render(kind: (typeof noticeKinds)[number]): string }>;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const answersOf = (kind: (typeof noticeKinds)[number]): string[] =>
  sampleNotice(kind).gate ? ['/drydock approve', '/drydock reject REASON'] : [];

describe.each(Object.entries(channels))('R24 %s', (name, { end, render }) => {
  test.each(noticeKinds)('%s', async (kind) => {
    await expect(render(kind)).toMatchFileSnapshot(`../../../golden/notices/${name}/${kind}.${end}`);
  });
});

/** What an approver with a phone only has to know, from each message that asks for a decision. */
test.each([
  'plan',
  'review',
  'checkpoint',
  'question',
  'stuck',
  'expiring',
] as const)('R24 %s: each channel says the task, the repository, who asked, the cost, the cap, until when, and what an approval does', (kind) => {
  const { run } = sampleNotice(kind);
  for (const [name, { render }] of Object.entries(channels)) {
    // The escapes of each channel, so that the words are compared.
    const said = render(kind)
      .replaceAll('&#8288;', '')
      .replaceAll('\u200b', '')
      .replace(/\\(?=[^"n])/g, '');
    for (const word of [run?.title, run?.taskId, run?.repository, run?.requester, '$0.58', '$3.00', '30 November'])
      expect([name, said]).toEqual([name, expect.stringContaining(word ?? '')]);
    expect([name, said]).toEqual([name, expect.stringMatching(/Approving|An answer lets|What you choose/)]);
  }
});

test('the options of a question are numbered, and the suggested one is marked, on each channel (D13)', () => {
  for (const [name, { render }] of Object.entries(channels)) {
    const said = render('question').replaceAll('&#8288;', '');
    expect([name, said]).toEqual([name, expect.stringContaining('Anywhere on earth')]);
    expect([name, said]).toEqual([
      name,
      expect.stringContaining(name === 'webhook' ? '"suggested": true' : '(suggested)'),
    ]);
  }
});
