import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlackChannel } from '../../../../adapters/slack/incoming-webhook.ts';
import type { SlackMessage } from '../../../../core/notification/render/slack.ts';
import { sampleNotice } from '../../../support/notices.ts';

const url = 'https://hooks.slack.example/services/T0/B0/very-secret';
const members: Record<string, string> = { lead: 'U012LEAD', second: 'U034SEC' };

type Text = { type: string; text: string };
const textsOf = ({ blocks }: SlackMessage): Text[] =>
  blocks.flatMap((block): Text[] => {
    if ('fields' in block) return block.fields;
    if ('elements' in block)
      return block.elements.map((each) =>
        'text' in each && typeof each.text === 'object' ? (each.text as Text) : (each as Text),
      );
    return [block.text];
  });

function slack(status = 200) {
  const sent: SlackMessage[] = [];
  const channel = createSlackChannel({
    webhookUrl: async () => url,
    memberOf: (person) => members[person],
    async fetch(_to, init) {
      if (status === 0) throw new TypeError(`fetch failed: ${url}`);
      sent.push(JSON.parse(String(init?.body)) as SlackMessage);
      return new Response('ok', { status });
    },
  });
  return { channel, sent };
}
const notice = sampleNotice('plan', { to: ['lead', 'nobody', 'second', 'lead'] });
const plain = (message: SlackMessage): string[] =>
  textsOf(message).flatMap(({ type, text }) => (type === 'plain_text' ? [text] : []));
const ours = (message: SlackMessage): string[] =>
  textsOf(message).flatMap(({ type, text }) => (type === 'mrkdwn' ? [text] : []));

describe('Slack', () => {
  it('R24 says what is asked, calls those who are asked, and has a button to the page', async () => {
    const { channel, sent } = slack();
    expect(channel.recipients(notice)).toEqual(['all']);
    await channel.send(notice, 'all', 'id');
    const [one] = sent as [SlackMessage];
    expect(one.text).toMatch(/^\[acme\/shop\] Plan to approve: Migrate user authentication/);
    expect(plain(one)[0]).toBe('Approve the plan: Migrate user authentication to OAuth 2.1 with PKCE');
    expect(ours(one)).toEqual(['<@U012LEAD> <@U034SEC>']);
    expect(one.blocks.at(-1)).toMatchObject({ type: 'actions', elements: [{ type: 'button', url: notice.link }] });
    expect(JSON.stringify(one)).toContain('it grants no access');
  });

  it('a digest for one person is not said in the channel', () => {
    const { channel } = slack();
    expect(channel.recipients(sampleNotice('digest'))).toEqual([]);
    expect(channel.recipients(sampleNotice('digest', { to: [] }))).toEqual(['all']);
  });

  it('lets outside text call nobody, link nothing and hide nothing, and never sends what Slack refuses for its length', async () => {
    const attack = fc.constantFrom(
      '<!channel>',
      '<@U012LEAD>',
      '<https://evil.example|ok>',
      '&lt;!here&gt;',
      '\u202e',
      '&',
    );
    const text = fc
      .array(fc.oneof(attack, fc.string({ unit: 'grapheme' })), { maxLength: 2_000 })
      .map((p) => p.join(''));
    await fc.assert(
      fc.asyncProperty(text, text, async (title, context) => {
        const { channel, sent } = slack();
        const { run } = sampleNotice('plan');
        const hostile = {
          to: [],
          facts: { context, first: [context] },
          ...(run ? { run: { ...run, title, asked: title } } : {}),
        };
        await channel.send(sampleNotice('plan', hostile), 'all', 'id');
        const [one] = sent as [SlackMessage];
        expect(ours(one)).toEqual([]);
        for (const shown of [one.text, ...plain(one)]) {
          expect(shown).not.toMatch(/[<>\u202e]/);
          expect(shown.replace(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
          expect(shown.length).toBeGreaterThan(0);
          expect(shown.length).toBeLessThanOrEqual(3_000);
        }
        expect(one.blocks.length).toBeLessThanOrEqual(50);
        for (const block of one.blocks)
          if (block.type === 'header') expect(block.text.text.length).toBeLessThanOrEqual(150);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [0, 'Conflict'],
    [429, 'Conflict'],
    [503, 'Conflict'],
    [403, 'ServiceRefused'],
    [404, 'ServiceRefused'],
    [302, 'ServiceRefused'],
  ])('%i is %s, and its address is in no error', async (status, name) => {
    const { channel } = slack(status);
    const error = await channel.send(notice, 'all', 'id').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name });
    expect(JSON.stringify({ ...(error as Error), message: (error as Error).message })).not.toContain('very-secret');
    expect((error as Error).cause).toBeUndefined();
  });
});
