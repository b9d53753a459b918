import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { policySchema } from '../../../../core/policy/schema.ts';
import { channelsOf } from '../../../../lambdas/runtime/notices/channels.ts';
import { sampleNotice } from '../../../support/notices.ts';

const people = {
  lead: { email: 'lead@example.com', slack: 'U012LEAD' },
  twin: { email: 'Lead@example.com' },
  mute: {},
};
const notice = sampleNotice('plan', { to: ['lead', 'twin', 'mute', 'guest@example.com'] });
const ses = mockClient(SESv2Client);
beforeEach(() => {
  ses.reset();
  ses.on(SendEmailCommand).resolves({ MessageId: 'm' });
});
afterEach(() => void vi.unstubAllGlobals());

function world(notify: object) {
  const posted: string[] = [];
  vi.stubGlobal('fetch', async (_url: string, { body }: { body: string }) => {
    posted.push(body);
    return new Response('ok');
  });
  const channels = channelsOf({
    settings: policySchema.parse({ version: 1, repositories: {}, people, notify }),
    secrets: { slackWebhook: async () => 'https://hooks.slack.example/x', webhookSecret: async () => 's'.repeat(40) },
    now: () => 0,
  });
  const tell = async (): Promise<void> => {
    for (const channel of channels) for (const to of channel.recipients(notice)) await channel.send(notice, to, 'id');
  };
  return { channels, tell, posted };
}
const mails = (): unknown[] =>
  ses.commandCalls(SendEmailCommand).map(({ args }) => args[0].input.Destination?.ToAddresses?.[0]);
const both = { email: { from: 'drydock@example.com' }, slack: { channel: '#builds' } };

describe('R24 who is told where', () => {
  it('is what the policy says: ids become addresses and members, each address once, and an address is a person of its own', async () => {
    const { tell, posted } = world(both);
    await tell();
    expect(mails()).toEqual(['lead@example.com', 'guest@example.com']);
    expect(posted).toEqual([expect.stringContaining('<@U012LEAD>')]);
  });

  it('is nobody where the policy names no way', async () => {
    const { channels } = world({});
    expect(channels).toEqual([]);
  });

  it('the loopback address, which answers a function for its role, is no webhook', async () => {
    const { channels } = world({ webhook: { url: 'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next' } });
    const [webhook] = channels;
    await expect(webhook?.send(notice, 'all', 'id')).rejects.toMatchObject({ name: 'ServiceRefused' });
  });
});
