import type { Octokit } from '@octokit/rest';
import type { Check } from '../../../core/doctor/finding.ts';
import { missingEvents } from '../api/app-manifest.ts';
import { faultOf, pass, statusOf, warn } from './findings.ts';

/**
 * The path for deliveries to `drydock serve`; a deployment has another one.
 * @internal for its tests
 */
export const webhookPath = '/webhooks/github';
const maxDeliveries = 50;

const secretRow = (secrets: string[]): Check[] =>
  secrets.length > 0
    ? []
    : [
        warn(
          'webhook secret',
          'none; every delivery is refused',
          'Set GITHUB_WEBHOOK_SECRET here and the same secret on GitHub.',
        ),
      ];

/** Checks the webhook of the app: its settings, and the responses to its newest deliveries. */
export async function webhookChecks(app: Octokit, secrets: string[]): Promise<Check[]> {
  try {
    const { data } = await app.rest.apps.getWebhookConfigForApp();
    if (!data.url) return [noWebhook('the app has no webhook')];
    const rows = [...secretRow(secrets), ...settingsRows(data.url, data.content_type, data.insecure_ssl)];
    const { data: deliveries } = await app.rest.apps.listWebhookDeliveries({ per_page: maxDeliveries });
    return [...rows, deliveriesRow(deliveries)];
  } catch (error) {
    if (statusOf(error) === 404) return [noWebhook('the app has no webhook')];
    return [warn('webhook', faultOf(error), 'Try again; see githubstatus.com.')];
  }
}

/** A personal token has no app: each repository has its own webhook, which only its administrators can see. */
export async function hookChecks(octokit: Octokit, repository: string, secrets: string[]): Promise<Check[]> {
  const [owner = '', repo = ''] = repository.split('/');
  try {
    const { data: hooks } = await octokit.rest.repos.listWebhooks({ owner, repo, per_page: 100 });
    const hook = hooks.find(({ config, active }) => active && URL.parse(config.url ?? '')?.pathname === webhookPath);
    if (!hook?.config.url) return [noWebhook(`${repository} has no webhook that ends in ${webhookPath}`)];
    const unsubscribed = hook.events.includes('*') ? [] : missingEvents(hook.events);
    const code = hook.last_response.code;
    return [
      ...secretRow(secrets),
      ...settingsRows(hook.config.url, hook.config.content_type, hook.config.insecure_ssl),
      ...(unsubscribed.length > 0
        ? [warn('events', `${repository}: not subscribed to ${unsubscribed.join(', ')}`, 'Add them to the webhook.')]
        : []),
      ...(code === null || arrived(code)
        ? []
        : [warn('deliveries', `${repository}: the response to the last delivery was ${code}`, remedyOf(code))]),
    ];
  } catch (error) {
    const hidden = [403, 404].includes(statusOf(error) ?? 0);
    const detail = hidden ? 'only administrators see its webhooks' : faultOf(error);
    return [
      warn('webhook', `${repository}: ${detail}`, `Ask an administrator to check that it points to ${webhookPath}.`),
    ];
  }
}

const noWebhook = (detail: string): Check =>
  warn(
    'webhook',
    `${detail}: pushes are found every few minutes, reviews and comments are not received`,
    `Create one: https://HOST${webhookPath}, content type application/json, and the secret of GITHUB_WEBHOOK_SECRET.`,
  );

function settingsRows(url: string, contentType: string | undefined, insecure: string | number | undefined): Check[] {
  const faults = [
    ...(contentType === 'json' ? [] : [warn('webhook', `its content type is ${contentType ?? 'form'}`, remedyOf(415))]),
    ...(String(insecure) === '1'
      ? [warn('webhook', 'certificates are not verified', 'Enable SSL verification in its settings.')]
      : []),
  ];
  return faults.length > 0 ? faults : [pass('webhook', url)];
}

/** One attempt to deliver an event; all attempts of a delivery share a guid. */
interface Attempt {
  guid: string;
  event: string;
  status_code: number;
}

function deliveriesRow(attempts: readonly Attempt[]): Check {
  const messages = Map.groupBy(attempts, ({ guid }) => guid);
  const failed = [...messages.values()].filter((each) => !each.some(({ status_code }) => arrived(status_code)));
  const newest = failed[0]?.[0];
  if (messages.size === 0) return pass('deliveries', 'none yet');
  if (!newest) return pass('deliveries', `the last ${messages.size} arrived`);
  const answer = newest.status_code === 0 ? 'got no response' : `got the response ${newest.status_code}`;
  return warn(
    'deliveries',
    `${failed.length} of the last ${messages.size} failed; the newest (${newest.event}) ${answer}`,
    remedyOf(newest.status_code),
  );
}

const arrived = (status: number): boolean => status >= 200 && status < 300;

const remedies: Record<number, string> = {
  401: 'The secrets differ: set GITHUB_WEBHOOK_SECRET and the webhook’s secret to the same value.',
  404: `Change the webhook’s URL so that it ends in ${webhookPath}.`,
  413: 'A proxy in front of Drydock limits the body size; raise its limit to 25 MiB.',
  415: 'Set the webhook’s content type to application/json.',
  503: 'Drydock had no webhook secret, or could not store the delivery; see the output of `drydock serve`.',
};
const remedyOf = (status: number): string =>
  remedies[status] ?? 'Check that `drydock serve` runs and that its webhook port is reachable from outside.';
