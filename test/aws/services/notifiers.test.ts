import { SESv2Client } from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOutbox } from '../../../adapters/aws/dynamo/outbox.ts';
import { createSesChannel } from '../../../adapters/email/ses.ts';
import { createSender, type Sender } from '../../../pipeline/notices/sender.ts';
import { actions, awsForTests, sdkTries } from '../../machine/contract/aws-fixture.ts';
import { on } from '../../support/aws/faults.ts';
import { mail } from '../../support/aws/mail.ts';
import { startDynamo, type TestDynamo, testTables } from '../../support/dynamo.ts';
import { sampleNotice } from '../../support/notices.ts';

const from = 'drydock@example.com';
const addresses: Record<string, string> = { lead: 'lead@example.com', second: 'second@example.com' };
const post = mail(from);
const aws = awsForTests(() => post.operations);

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo(':memory:');
});
afterAll(() => dynamo.close());

let now = Date.UTC(2026, 10, 27);
const unsent: string[] = [];
/** Of a process of its own each time. */
const sender = (as = from): Sender =>
  createSender({
    outbox: createOutbox(dynamo.client, testTables.gates),
    channels: [createSesChannel(new SESv2Client({}), { from: as, addressOf: (person) => addresses[person] })],
    clock: {
      now: () => now,
      async sleep(ms) {
        now += ms;
      },
    },
    quietOf: () => undefined,
    urgent: [],
    isDecided: async () => false,
    log: ({ name, remedy }) => void unsent.push(`${name} ${remedy}`),
    random: () => 1,
  });
const tell = async (by: Sender, more: object = {}): Promise<void> => {
  const notice = sampleNotice('plan', { key, to: ['lead'], at: new Date(now).toISOString(), ...more });
  await by.notify(notice);
  await by.flush(key, 4_000);
};

let key: string;
let keys = 0;
beforeEach(() => {
  key = `gate#${++keys}`;
  post.sent.length = 0;
  unsent.length = 0;
});

describe('mail by SES', () => {
  it('R24 goes to each person once, by a message of their own, as text and HTML with one thread per run', async () => {
    await tell(sender(), { to: ['lead', 'second', 'nobody', 'lead'] });
    await tell(sender(), { to: ['lead', 'second'] });
    expect(post.sent.map(({ to }) => to).sort()).toEqual([['lead@example.com'], ['second@example.com']]);
    const [one, two] = post.sent;
    expect(one).toMatchObject({
      from,
      text: expect.stringContaining('$0.58 of $3.00'),
      html: expect.stringContaining('<h1'),
    });
    expect(one?.headers['Auto-Submitted']).toBe('auto-generated');
    expect(one?.headers.References).toBe(two?.headers.References);
    expect(one?.headers['X-Drydock-Id']).not.toBe(two?.headers['X-Drydock-Id']);
  });

  it.each(['cut', 'throttled', 'broken'] as const)('is sent once where the first try was %s', async (fault) => {
    aws().faults.push({ match: on('ses:SendEmail'), do: fault });
    await tell(sender());
    await tell(sender());
    expect(post.sent).toHaveLength(1);
    expect(actions(aws())).toHaveLength(2);
  });

  it('comes twice, with the same id, and not never, where the answer to the first was lost', async () => {
    aws().faults.push({ match: on('ses:SendEmail'), do: 'lost' });
    await tell(sender());
    expect(post.sent).toHaveLength(2);
    expect(new Set(post.sent.map(({ headers }) => headers['X-Drydock-Id'])).size).toBe(1);
  });

  it('is sent by a later look where SES stays away, to those who were not told yet', async () => {
    const ofLead = (call: { action: string; input: object }) => JSON.stringify(call.input).includes('lead@example.com');
    aws().faults.push({ match: ofLead, times: sdkTries * 3, do: 'broken' });
    await tell(sender(), { to: ['lead', 'second'] });
    expect(post.sent.map(({ to }) => to[0])).toEqual(['second@example.com']);
    now += 3_600_000;
    expect(await sender().sendDue()).toBe(1);
    expect(post.sent.map(({ to }) => to[0])).toEqual(['second@example.com', 'lead@example.com']);
    expect(await sender().sendDue()).toBe(0);
  });

  it('that SES does not send is given up, with what to do about it', async () => {
    await tell(sender('other@example.com'));
    expect(unsent).toEqual([expect.stringMatching(/^ServiceRefused .*other@example\.com/)]);
  });
});
