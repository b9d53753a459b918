import type { Octokit } from '@octokit/rest';
import type { Check } from '../../../core/doctor/finding.ts';
import { missingEvents } from '../api/app-manifest.ts';
import { faultOf, pass, statusOf, warn } from './findings.ts';

/**
 * Where `drydock serve` takes deliveries; a deployment has another path.
 * @internal for its tests
 */
export const webhookPath = '/webhooks/github';
const lookedAt = 50;

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

/** The webhook of the app: where it goes, and whether what was sent last arrived. */
export async function webhookChecks(app: Octokit, secrets: string[]): Promise<Check[]> {
  try {
    const { data } = await app.rest.apps.getWebhookConfigForApp();
    if (!data.url) return [noWebhook('the app has none')];
    const rows = [...secretRow(secrets), ...settingsRows(data.url, data.content_type, data.insecure_ssl)];
    const { data: deliveries } = await app.rest.apps.listWebhookDeliveries({ per_page: lookedAt });
    return [...rows, deliveriesRow(deliveries)];
  } catch (error) {
    if (statusOf(error) === 404) return [noWebhook('the app has none')];
    return [warn('webhook', faultOf(error), 'Try again; see githubstatus.com.')];
  }
}

/** With a personal token there is no app: a repository has its own webhook, which its administrators can see. */
export async function hookChecks(octokit: Octokit, repository: string, secrets: string[]): Promise<Check[]> {
  const [owner = '', repo = ''] = repository.split('/');
  try {
    const { data: hooks } = await octokit.rest.repos.listWebhooks({ owner, repo, per_page: 100 });
    const hook = hooks.find(({ config, active }) => active && URL.parse(config.url ?? '')?.pathname === webhookPath);
    if (!hook?.config.url) return [noWebhook(`${repository} has none that ends in ${webhookPath}`)];
    const deaf = hook.events.includes('*') ? [] : missingEvents(hook.events);
    const code = hook.last_response.code;
    return [
      ...secretRow(secrets),
      ...settingsRows(hook.config.url, hook.config.content_type, hook.config.insecure_ssl),
      ...(deaf.length > 0
        ? [warn('events', `${repository}: not told of ${deaf.join(', ')}`, 'Add them to the webhook.')]
        : []),
      ...(code === null || arrived(code)
        ? []
        : [warn('deliveries', `${repository}: the last was answered ${code}`, remedyOf(code))]),
    ];
  } catch (error) {
    const hidden = [403, 404].includes(statusOf(error) ?? 0);
    const detail = hidden ? 'only administrators see its webhooks' : faultOf(error);
    return [warn('webhook', `${repository}: ${detail}`, `Let one make sure that it leads to ${webhookPath}.`)];
  }
}

const noWebhook = (detail: string): Check =>
  warn(
    'webhook',
    `${detail}: pushes are found every few minutes, reviews and comments are not heard`,
    `Give it one: https://HOST${webhookPath}, content type application/json, and a secret that GITHUB_WEBHOOK_SECRET holds too.`,
  );

function settingsRows(url: string, contentType: string | undefined, insecure: string | number | undefined): Check[] {
  const faults = [
    ...(contentType === 'json' ? [] : [warn('webhook', `its content type is ${contentType ?? 'form'}`, remedyOf(415))]),
    ...(String(insecure) === '1'
      ? [warn('webhook', 'certificates are not checked', 'Switch SSL verification on in its settings.')]
      : []),
  ];
  return faults.length > 0 ? faults : [pass('webhook', url)];
}

/** What is known of a delivery; every attempt at one has the same guid. */
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
  const answer = newest.status_code === 0 ? 'got no answer' : `was answered ${newest.status_code}`;
  return warn(
    'deliveries',
    `${failed.length} of the last ${messages.size} failed; the newest (${newest.event}) ${answer}`,
    remedyOf(newest.status_code),
  );
}

const arrived = (status: number): boolean => status >= 200 && status < 300;

const remedies: Record<number, string> = {
  401: 'The secrets differ: set GITHUB_WEBHOOK_SECRET to the one on GitHub, or the other way round.',
  404: `Let the webhook’s address end in ${webhookPath}.`,
  413: 'Something before Drydock takes smaller bodies only; let it take 25 MiB.',
  415: 'Set the webhook’s content type to application/json.',
  503: 'Drydock had no webhook secret, or could not store it; look at what `drydock serve` printed.',
};
const remedyOf = (status: number): string =>
  remedies[status] ?? 'See whether `drydock serve` runs, and whether its webhook port can be reached from outside.';
