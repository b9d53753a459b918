import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Octokit } from '@octokit/rest';
import type { Command } from 'commander';
import { z } from 'zod';
import {
  appManifest,
  events,
  excessPermissions,
  maxName,
  missingEvents,
  permissions,
} from '../../../adapters/github/api/app-manifest.ts';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { action, type CommonOptions, dataOption, wholeNumber } from '../../command.ts';
import {
  type AppFile,
  appFile,
  appStored,
  checkPrivateKey,
  httpUrl,
  saveAppFile,
  webUrlOf,
} from '../../config/github.ts';
import { dataFolder } from '../../local/data-folder.ts';
import { openStackSession, stackFlags, stackOf } from '../../remote/options.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, plain, print, table } from '../../terminal/output.ts';
import { serveSetup } from './server.ts';

/** GitHub's time limit for the whole manifest flow. */
const codeLifeMs = 3_600_000;

interface SetupOptions extends CommonOptions {
  org?: string;
  name?: string;
  webhookUrl?: string;
  apiUrl?: string;
  webUrl?: string;
  port: number;
  replace?: boolean;
}

export function register(program: Command): void {
  const github = program.command('github').description('set up GitHub');
  action<[], SetupOptions>(
    stackFlags(github.command('setup'))
      .description('create a GitHub app through a page on this machine, and store its key so that only you can read it')
      .option('--webhook-url <url>', 'URL at which GitHub reaches this machine: https://HOST/webhooks/github')
      .option('--org <name>', 'organization that owns the app (default: your own account)')
      .option('--name <name>', 'name of the app, unique on GitHub; you can change it there')
      .option(
        '--api-url <url>',
        'API of a GitHub Enterprise host (default: $GITHUB_API_URL, else https://api.github.com)',
      )
      .option('--web-url <url>', 'URL of its pages, if they are on another host')
      .option('--port <n>', 'port of the page; 0 picks a free one', wholeNumber('--port', 0), 0)
      .option('--replace', 'replace the stored app')
      .option(...dataOption)
      .addHelpText(
        'after',
        `
Permissions, with the reason for each:
${table(Object.entries(permissions).map(([name, { access, reason }]) => [`  ${name}`, access, reason])).join('\n')}
Events, with the reason for each:
${table(Object.entries(events).map(([name, reason]) => [`  ${name}`, reason])).join('\n')}`,
      ),
    setup,
  );
}

export async function setup(output: Output, options: SetupOptions): Promise<ExitCode> {
  const destination = options.stack === undefined ? onThisMachine(options) : await inStack(options);
  const { org } = options;
  if (org !== undefined && !/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/.test(org)) {
    throw new DrydockError('UsageError', '--org takes a valid name of an organization.');
  }
  const apiUrl = httpUrl(options.apiUrl ?? (process.env.GITHUB_API_URL || 'https://api.github.com'), '--api-url');
  const webUrl = httpUrl(options.webUrl ?? webUrlOf(apiUrl), '--web-url');
  const given = options.webhookUrl ?? destination.webhookUrl;
  const webhookUrl = given === undefined ? undefined : publicUrl(given, webUrl);
  const account = org ?? 'your own account';
  const created: { app?: CreatedApp } = {};
  const server = await serveSetup({
    port: options.port,
    account,
    newAppUrl: `${webUrl}/${org === undefined ? '' : `organizations/${org}/`}settings/apps/new`,
    manifest: (redirectUrl) =>
      appManifest({
        name: nameOf(options),
        homepage: webhookUrl === undefined ? webUrl : new URL(webhookUrl).origin,
        redirectUrl,
        ...defined({ webhookUrl }),
      }),
    async exchange(code) {
      created.app = await exchange({ code, apiUrl, webUrl, store: destination.store });
      return created.app;
    },
  });
  try {
    for (const [name, { access, reason }] of Object.entries(permissions)) {
      output.err(`${name.padEnd(13)}  ${access.padEnd(5)}  ${reason}`);
    }
    if (webhookUrl === undefined)
      output.err('No --webhook-url: Drydock will not receive reviews and comments from GitHub.');
    output.err(`Open this page on this machine, and create the app under ${account}:\n${server.url}`);
    await withDeadline(server.done);
  } finally {
    await server.close();
  }
  const { app } = created;
  if (!app) throw new DrydockError('Internal', 'The exchange ended without an app.');
  const { slug, appId, file, installUrl, lacks } = app;
  const { next } = destination;
  print(output, { appId, slug, installUrl, file, lacksEvents: lacks, next }, () => [
    `app       ${plain(slug)} (${appId}), stored in ${file}`,
    ...(webhookUrl !== undefined && lacks.length > 0 ? [`lacks     the events ${lacks.join(', ')}`] : []),
    `install   ${installUrl}`,
    'then      list the repositories in your policy as {host: github}',
    `next      ${next.join(', then ')}`,
  ]);
  return 0;
}

/** Where the app is stored. */
interface Destination {
  /** URL to which GitHub should send webhooks, if known. */
  webhookUrl?: string;
  /** Stores the app and returns the location for display. */
  store(app: AppFile): Promise<string>;
  /** Commands to run next. */
  next: string[];
}

/** @throws UsageError when an app is already stored. */
function onThisMachine(options: SetupOptions): Destination {
  const dataDir = dataFolder(options.data);
  if (options.replace !== true && existsSync(appFile(dataDir))) throw appStored(appFile(dataDir));
  return {
    store: async (app) => saveAppFile(dataDir, app, options.replace === true),
    next: ['drydock doctor', 'drydock serve'],
  };
}

/**
 * Stores the app in the secret of a deployment; nothing is written on this machine.
 * @throws StackUnavailable, ServiceRefused, UsageError before an app is created on GitHub, if it could not be stored.
 */
async function inStack(options: SetupOptions): Promise<Destination> {
  const stack = stackOf(options);
  if (!stack) throw new DrydockError('Internal', 'A stack was given, and none was found.');
  const session = await openStackSession(stack);
  if (options.replace !== true && (await session.call('is-stored', [], 'setup')) === true) {
    throw appStored(`The deployment ${stack.stack}`);
  }
  const { webhook } = session.address;
  return {
    ...defined({ webhookUrl: webhook }),
    async store({ appId, privateKey, webhookSecrets, apiUrl, gitUrl }) {
      const app = { appId, privateKey, webhookSecrets, apiUrl, gitUrl };
      await session.call('github-app', [app, options.replace === true], 'setup');
      return `the secret of ${stack.stack}`;
    },
    next: [`drydock doctor --aws --stack ${stack.stack}`],
  };
}

const nameOf = ({ name, org }: SetupOptions): string => {
  const chosen = name ?? `drydock-${org ?? Math.floor(Math.random() * 0x10000).toString(16)}`;
  return chosen.slice(0, maxName);
};

/** @throws UsageError for a URL that GitHub cannot reach or would use without encryption. */
function publicUrl(text: string, webUrl: string): string {
  const url = httpUrl(text, '--webhook-url');
  const { hostname, protocol } = new URL(url);
  const local = protocol === 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  // A GitHub on this machine (an emulator) can reach a local URL.
  if (!local || new URL(webUrl).protocol === 'http:') return url;
  throw new DrydockError('UsageError', 'GitHub cannot reach the --webhook-url.', {
    remedy: 'Give the https URL of a proxy or tunnel that leads to the webhook port of `drydock serve`.',
  });
}

/** The used part of GitHub's response. */
const conversion = z.object({
  id: z.int().positive(),
  slug: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,99}$/),
  owner: z.object({ login: z.string().min(1) }),
  html_url: z.url(),
  pem: z.string().min(1),
  webhook_secret: z.string().min(1).nullish(),
  permissions: z.record(z.string(), z.string()),
  events: z.array(z.string()),
});

interface CreatedApp {
  appId: number;
  slug: string;
  file: string;
  installUrl: string;
  lacks: string[];
}

/**
 * @throws HostUnavailable; HostRefused when GitHub refuses the code, or the app has more permissions than requested.
 */
async function exchange(options: {
  code: string;
  apiUrl: string;
  webUrl: string;
  store: Destination['store'];
}): Promise<CreatedApp> {
  const { apiUrl, webUrl } = options;
  const quiet = () => undefined;
  const octokit = new Octokit({ baseUrl: apiUrl, log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
  const again = 'Run `drydock github setup` again; a code is good for one exchange within an hour.';
  const answer = await octokit.rest.apps.createFromManifest({ code: options.code }).catch((error: unknown) => {
    const status = (error as { status?: unknown }).status;
    // The library's message is not shown, because it contains the URL with the code.
    if (typeof status === 'number' && status >= 400 && status < 500) {
      throw new DrydockError('HostRefused', `GitHub refused the code with ${status}.`, { remedy: again });
    }
    throw new DrydockError('HostUnavailable', `${new URL(apiUrl).host} does not answer.`, { remedy: again });
  });
  const parsed = conversion.safeParse(answer.data);
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new DrydockError('HostRefused', `GitHub’s response is invalid in these fields: ${where}.`, {
      remedy: again,
    });
  }
  const app = parsed.data;
  const page =
    new URL(app.html_url).origin === webUrl ? app.html_url.replace(/(?<!\/)\/+$/, '') : `${webUrl}/apps/${app.slug}`;
  const excess = excessPermissions(app.permissions);
  if (excess.length > 0) {
    // The manifest passed through a browser, which could have changed it.
    throw new DrydockError('HostRefused', `The app has more permissions than requested: ${excess.join(', ')}.`, {
      remedy: `The app was not stored. Delete it on GitHub (${page}), and run \`drydock github setup\` again.`,
    });
  }
  const file = await options.store({
    version: 1,
    appId: app.id,
    slug: app.slug,
    owner: app.owner.login,
    privateKey: checkPrivateKey(app.pem, 'GitHub’s response'),
    webhookSecrets: app.webhook_secret == null ? [] : [app.webhook_secret],
    apiUrl,
    gitUrl: webUrl,
  });
  return {
    appId: app.id,
    slug: app.slug,
    file,
    installUrl: `${page}/installations/new`,
    lacks: missingEvents(app.events),
  };
}

async function withDeadline(done: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = delay(codeLifeMs, undefined, { signal: over.signal }).then(() => {
    throw new DrydockError('HostRefused', 'Nobody created the app within an hour.', {
      remedy: 'Run `drydock github setup` again.',
    });
  });
  await Promise.race([done, late]).finally(() => {
    over.abort();
    late.catch(() => undefined);
  });
}
