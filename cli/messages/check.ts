import { createSmtpChannel } from '../../adapters/email/smtp.ts';
import { credentialOf } from '../../adapters/local/secret-variable.ts';
import { type Check, pass, warn } from '../../core/doctor/finding.ts';
import { viewError } from '../../core/errors.ts';
import { addressesOf } from '../../core/notification/recipients.ts';
import { minSecret } from '../../core/notification/signature.ts';
import type { Policy } from '../../core/policy/schema.ts';

/** Checks of `doctor` for each way to people that the policy configures on this machine; nothing is sent. */
export async function messageChecks({ people, notify }: Policy): Promise<Check[]> {
  const { email, slack, webhook } = notify;
  const { addressOf } = addressesOf(people);
  const checks: Check[] = [];
  if (email && !email.smtp)
    checks.push(
      warn('mail', 'the policy names a sender and no server', 'Write notify.email.smtp; on AWS mail is sent by SES.'),
    );
  if (email?.smtp) {
    const { from, smtp } = email;
    const password = () => credentialOf(smtp.password_env);
    const channel = createSmtpChannel({ from, addressOf, server: smtp, password });
    checks.push(
      await checked('mail', async () => {
        await channel.check();
        return `${smtp.host}:${smtp.port} takes mail from ${from}`;
      }),
    );
    const mute = Object.keys(people).filter((person) => addressOf(person) === undefined);
    if (mute.length > 0)
      checks.push(
        warn('mail', `without an address: ${mute.slice(0, 10).join(', ')}`, 'Write their email under people.'),
      );
  }
  if (slack)
    checks.push(
      await checked('slack', async () => {
        const url = URL.parse(await credentialOf(slack.webhook_env));
        if (url?.protocol !== 'https:') throw new Error(`${slack.webhook_env} is not an https URL`);
        return `a webhook at ${url.host}`;
      }),
    );
  if (webhook)
    checks.push(
      await checked('webhook', async () => {
        const { length } = await credentialOf(webhook.secret_env);
        if (length < minSecret) throw new Error(`${webhook.secret_env} has fewer than ${minSecret} characters`);
        return `signed messages to ${new URL(webhook.url).host}`;
      }),
    );
  return checks;
}

/** A fault is a warning: runs wait for people on the pages too. */
async function checked(name: string, check: () => Promise<string>): Promise<Check> {
  try {
    return pass(name, await check());
  } catch (error) {
    const { message, remedy, name: fault } = viewError(error);
    // What this check says itself is not an error of Drydock.
    if (fault === 'Internal' && error instanceof Error)
      return warn(name, error.message, 'Store a valid value in the variable; docs/messages.md says which.');
    return warn(name, message, remedy);
  }
}
