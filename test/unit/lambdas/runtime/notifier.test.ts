import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DrydockError } from '../../../../core/errors.ts';
import { policySchema } from '../../../../core/policy/schema.ts';
import { composeNotifier, type NotifierOptions } from '../../../../lambdas/runtime/notices/notifier.ts';

const people = { lead: { email: 'lead@example.com', slack: 'U012LEAD' }, mute: {} };
const message = { key: 'gate#1', to: ['lead', 'mute', 'guest@example.com'], subject: 's', text: 't' };
const ses = mockClient(SESv2Client);
beforeEach(() => {
  ses.reset();
  ses.on(SendEmailCommand).resolves({ MessageId: 'm' });
});
afterEach(() => void vi.unstubAllGlobals());

function world(notify: object, more: Partial<NotifierOptions> = {}) {
  const slept: number[] = [];
  const unsent: string[] = [];
  const posted: string[] = [];
  vi.stubGlobal('fetch', async (_url: string, { body }: { body: string }) => {
    posted.push(body);
    return new Response('ok');
  });
  const notifier = composeNotifier({
    settings: policySchema.parse({ version: 1, repositories: {}, people, notify }),
    sent: { once: (_key, say) => say() },
    slackWebhook: async () => 'https://hooks.slack.example/x',
    sleep: async (ms) => void slept.push(ms),
    log: ({ unsent: key, name }) => void unsent.push(`${key} ${name}`),
    ...more,
  });
  return { notifier, slept, unsent, posted };
}
const mails = (): unknown[] =>
  ses.commandCalls(SendEmailCommand).map(({ args }) => args[0].input.Destination?.ToAddresses?.[0]);
const both = { email: { from: 'drydock@example.com' }, slack: { channel: '#builds' } };

describe('R24 who is told where', () => {
  it('is what the policy says: ids become addresses and members, and an address is a person of its own', async () => {
    const { notifier, posted, unsent } = world(both);
    await notifier.notify(message);
    expect(mails()).toEqual(['lead@example.com', 'guest@example.com']);
    expect(posted).toEqual([expect.stringContaining('<@U012LEAD>')]);
    expect(unsent).toEqual([]);
  });

  it('is nobody where the policy names no way', async () => {
    const { notifier, posted } = world({});
    await notifier.notify(message);
    expect([...mails(), ...posted]).toEqual([]);
  });

  it('what cannot be said is tried, logged, and keeps nothing else from being said', async () => {
    const away = async (): Promise<string> => {
      throw new DrydockError('Conflict', 'away');
    };
    const { notifier, slept, unsent } = world(both, { slackWebhook: away });
    await notifier.notify(message);
    expect([slept, unsent]).toEqual([[1_000, 2_000], ['gate#1 Conflict']]);
    expect(mails()).toHaveLength(2);
  });

  it('what is refused is not tried again, and a defect is no notice', async () => {
    const fail = (error: Error) => world({ slack: both.slack }, { slackWebhook: () => Promise.reject(error) });
    const missing = fail(new DrydockError('SecretMissing', 'none'));
    await missing.notifier.notify(message);
    expect([missing.slept, missing.unsent]).toEqual([[], ['gate#1 SecretMissing']]);
    await expect(fail(new TypeError('defect')).notifier.notify(message)).rejects.toThrow('defect');
  });
});
