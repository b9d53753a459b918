import { SESv2Client } from '@aws-sdk/client-sesv2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSentMessages, type SentMessages } from '../../../adapters/aws/dynamo/sent-messages.ts';
import { createSesNotifier } from '../../../adapters/email/ses.ts';
import type { Notifier } from '../../../core/ports/runtime/notifier.ts';
import { actions, awsForTests, sdkTries, thrownBy } from '../../machine/contract/aws-fixture.ts';
import { on } from '../../support/aws/faults.ts';
import { mail } from '../../support/aws/mail.ts';
import { startDynamo, type TestDynamo, testTables } from '../../support/dynamo.ts';

const from = 'drydock@example.com';
const addresses: Record<string, string> = { lead: 'lead@example.com', second: 'second@example.com' };
const post = mail(from);
const aws = awsForTests(() => post.operations);

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo(':memory:');
});
afterAll(() => dynamo.close());

/** Time goes on by what is slept; not where many wait for one that is slow. */
let stands = false;
let now = Date.UTC(2026, 10, 21);
const clock = {
  now: () => now,
  async sleep(ms: number) {
    if (!stands) now += ms;
    await new Promise((go) => setImmediate(go));
  },
};
const told = (): SentMessages => createSentMessages(dynamo.client, testTables.gates, clock);
/** Of a process of its own each time. */
const notifier = (sender = from): Notifier =>
  createSesNotifier(new SESv2Client({}), told(), { from: sender, addressOf: (person) => addresses[person] });

let key: string;
let keys = 0;
beforeEach(() => {
  key = `gate#${++keys}`;
  post.sent.length = 0;
});
const message = (more: object = {}) => ({ key, to: ['lead'], subject: 'T-1: Plan', text: 'What is asked', ...more });

describe('what is told once', () => {
  it('R24 is said by one of many, and the others wait for it', async () => {
    let said = 0;
    stands = true;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        told().once(key, async () => {
          said++;
        }),
      ),
    );
    stands = false;
    now += 3_600_000;
    await told().once(key, async () => void said++);
    expect(said).toBe(1);
  });

  it('is said by the next one where the first failed', async () => {
    const failed = told().once(key, () => Promise.reject(new Error('no')));
    await expect(failed).rejects.toThrow('no');
    const before = now;
    let said = 0;
    await told().once(key, async () => void said++);
    expect([said, now]).toEqual([1, before]);
  });

  it('is said by another one where the first died while it spoke, and its late end changes nothing', async () => {
    const died = Promise.withResolvers<void>();
    const speaks = Promise.withResolvers<void>();
    const first = told().once(key, () => {
      speaks.resolve();
      return died.promise;
    });
    await speaks.promise;
    const before = now;
    let said = 0;
    await told().once(key, async () => void said++);
    expect(said).toBe(1);
    expect(now).toBeGreaterThan(before + 29_000);
    died.reject(new Error('it was not dead after all'));
    await expect(first).rejects.toThrow();
    await told().once(key, async () => void said++);
    expect(said).toBe(1);
  });
});

describe('mail by SES', () => {
  it('R24 goes to each person once, by a message of their own, with the link', async () => {
    const asked = message({ to: ['lead', 'second', 'nobody', 'lead'], link: 'https://drydock.example/runs/r-1' });
    await notifier().notify(asked);
    await notifier().notify({ ...asked, text: 'again' });
    expect(post.sent.map(({ to }) => to).sort()).toEqual([['lead@example.com'], ['second@example.com']]);
    expect(post.sent[0]).toMatchObject({
      from,
      subject: 'T-1: Plan',
      headers: { 'Auto-Submitted': 'auto-generated' },
      text: expect.stringMatching(
        /^What is asked\n\nhttps:\/\/drydock\.example\/runs\/r-1\n\nThe link alone grants no access/,
      ),
    });
    // Somebody who is asked later is told too.
    await notifier().notify({ ...asked, to: [] });
    expect(post.sent).toHaveLength(2);
  });

  it('shows outside text as it is: one line of subject, nothing hidden, not endless', async () => {
    const subject = `a\r\nBcc: x@example.com\u202e${'s'.repeat(500)}`;
    await notifier().notify(message({ subject, text: `<!-- hidden -->${'t'.repeat(100_000)}` }));
    const [one] = post.sent;
    expect(one?.subject).toMatch(/^a Bcc: x@example\.com⟨U\+202E⟩s+…$/);
    expect(one?.subject.length).toBeLessThanOrEqual(200);
    // A mail is plain text: what a page would hide is shown.
    expect(one?.text).toContain('<!-- hidden -->');
    expect(one?.text.length).toBeLessThan(20_100);
    expect(one?.text).toContain('more on the run');
  });

  it.each(['cut', 'throttled', 'broken'] as const)('is sent once where the first try was %s', async (fault) => {
    aws().faults.push({ match: on('ses:SendEmail'), do: fault });
    await notifier().notify(message());
    await notifier().notify(message());
    expect(post.sent).toHaveLength(1);
    expect(actions(aws())).toHaveLength(2);
  });

  it('comes twice, and not never, where the answer to the first was lost', async () => {
    aws().faults.push({ match: on('ses:SendEmail'), do: 'lost' });
    await notifier().notify(message());
    await notifier().notify(message());
    expect(post.sent).toHaveLength(2);
  });

  it('is sent by the next try of a step where SES stays away, to those who were not told yet', async () => {
    const ofLead = (call: { action: string; input: object }) => JSON.stringify(call.input).includes('lead@example.com');
    aws().faults.push({ match: ofLead, times: sdkTries, do: 'broken' });
    const asked = message({ to: ['lead', 'second'] });
    expect(await thrownBy(notifier().notify(asked))).toMatchObject({ name: 'Conflict' });
    await notifier().notify(asked);
    expect(post.sent.map(({ to }) => to[0])).toEqual(['second@example.com', 'lead@example.com']);
  });

  it('that SES does not send is refused with what to do about it', async () => {
    expect(await thrownBy(notifier('other@example.com').notify(message()))).toMatchObject({
      name: 'ServiceRefused',
      remedy: expect.stringContaining('other@example.com'),
    });
  });
});
