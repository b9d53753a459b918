import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SentMessages } from '../../../../adapters/aws/dynamo/sent-messages.ts';
import { createSlackNotifier } from '../../../../adapters/slack/incoming-webhook.ts';

const url = 'https://hooks.slack.example/services/T0/B0/very-secret';
const members: Record<string, string> = { lead: 'U012LEAD', second: 'U034SEC' };

interface Sent {
  text: string;
  blocks: { type: string; text: { type: string; text: string } }[];
}

function slack(status = 200) {
  const keys = new Set<string>();
  const sent: Sent[] = [];
  const sentMessages: SentMessages = {
    async once(key, say) {
      if (keys.has(key)) return;
      await say();
      keys.add(key);
    },
  };
  const notifier = createSlackNotifier(sentMessages, {
    webhookUrl: async () => url,
    memberOf: (person) => members[person],
    async fetch(_to, init) {
      if (status === 0) throw new TypeError(`fetch failed: ${url}`);
      sent.push(JSON.parse(String(init?.body)) as Sent);
      return new Response('ok', { status });
    },
  });
  return { notifier, sent };
}
const message = {
  key: 'gate#1',
  to: ['lead', 'nobody', 'second', 'lead'],
  subject: 'T-1: Plan',
  text: 'What is asked',
};
const plain = ({ blocks }: Sent): string[] =>
  blocks.filter(({ text }) => text.type === 'plain_text').map(({ text }) => text.text);
const ours = ({ blocks }: Sent): string[] =>
  blocks.filter(({ text }) => text.type === 'mrkdwn').map(({ text }) => text.text);

describe('Slack', () => {
  it('R24 says once per key what is asked, calls those who are asked, and shows the link', async () => {
    const { notifier, sent } = slack();
    await notifier.notify({ ...message, link: 'https://drydock.example/runs/r-1?a=1&b=2' });
    await notifier.notify({ ...message, text: 'again' });
    expect(sent).toHaveLength(1);
    const [one] = sent as [Sent];
    expect(one.text).toBe('T-1: Plan');
    expect(plain(one)).toEqual(['T-1: Plan', 'What is asked']);
    expect(ours(one)).toEqual([
      '<@U012LEAD> <@U034SEC>',
      expect.stringMatching(/^<https:\/\/drydock\.example\/runs\/r-1\?a=1&amp;b=2>\nThe link alone grants no access/),
    ]);
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
      fc.asyncProperty(text, text, async (subject, body) => {
        const { notifier, sent } = slack();
        await notifier.notify({ ...message, to: [], subject, text: body });
        const [one] = sent as [Sent];
        expect(ours(one)).toEqual([]);
        for (const shown of [one.text, ...plain(one)]) {
          expect(shown).not.toMatch(/[<>\u202e]/);
          expect(shown.replace(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
          expect(shown.length).toBeGreaterThan(0);
          expect(shown.length).toBeLessThanOrEqual(3_000);
        }
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
  ])('%i is %s, its address is in no error, and it is said again', async (status, name) => {
    const { notifier } = slack(status);
    const error = await notifier.notify(message).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name });
    expect(JSON.stringify({ ...(error as Error), message: (error as Error).message })).not.toContain('very-secret');
    expect((error as Error).cause).toBeUndefined();
    await expect(notifier.notify(message)).rejects.toMatchObject({ name });
  });
});
