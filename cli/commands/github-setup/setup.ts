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

/** GitHub's own limit for the whole of it. */
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
  const github = program.command('github').description('GitHub: create the app that Drydock works as');
  action<[], SetupOptions>(
    stackFlags(github.command('setup'))
      .description('create a GitHub app on a page of this machine, and store its key where only you can read it')
      .option('--webhook-url <url>', 'where GitHub reaches this machine: https://HOST/webhooks/github')
      .option('--org <name>', 'organization that owns the app (default: your own account)')
      .option('--name <name>', 'name of the app, unique on GitHub; it can be changed there')
      .option('--api-url <url>', 'API of a GitHub of your own (default: $GITHUB_API_URL, else https://api.github.com)')
      .option('--web-url <url>', 'its pages, where they are not on the same host')
      .option('--port <n>', 'port of the page; 0 picks a free one', wholeNumber('--port', 0), 0)
      .option('--replace', 'replace the app that is stored')
      .option(...dataOption)
      .addHelpText(
        'after',
        `
What it asks for, and reason:
${table(Object.entries(permissions).map(([name, { access, reason }]) => [`  ${name}`, access, reason])).join('\n')}
What it is told of:
${table(Object.entries(events).map(([name, reason]) => [`  ${name}`, reason])).join('\n')}`,
      ),
    setup,
  );
}

async function setup(output: Output, options: SetupOptions): Promise<ExitCode> {
  const target = options.stack === undefined ? onThisMachine(options) : await inStack(options);
  const { org } = options;
  if (org !== undefined && !/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/.test(org)) {
    throw new DrydockError('UsageError', '--org takes the name of an organization.');
  }
  const apiUrl = httpUrl(options.apiUrl ?? (process.env.GITHUB_API_URL || 'https://api.github.com'), '--api-url');
  const webUrl = httpUrl(options.webUrl ?? webUrlOf(apiUrl), '--web-url');
  const given = options.webhookUrl ?? target.webhookUrl;
  const webhookUrl = given === undefined ? undefined : publicUrl(given, webUrl);
  const account = org ?? 'your own account';
  const made: { app?: Made } = {};
  const server = await serveSetup({
    port: options.port,
    account,
    newAppUrl: `${webUrl}/${org === undefined ? '' : `organizations/${org}/`}settings/apps/new`,
    manifest: (redirectUrl) =>
      appManifest({
        name: nameOf(options),
        homepage: webhookUrl === undefined ? webUrl : new URL(webhookUrl).origin,
        redirectUrl,
        ...(webhookUrl === undefined ? {} : { webhookUrl }),
      }),
    async exchange(code) {
      made.app = await exchange({ code, apiUrl, webUrl, store: target.store });
      return made.app;
    },
  });
  try {
    for (const [name, { access, reason }] of Object.entries(permissions)) {
      output.err(`${name.padEnd(13)}  ${access.padEnd(5)}  ${reason}`);
    }
    if (webhookUrl === undefined) output.err('No --webhook-url: reviews and comments on GitHub will not be heard.');
    output.err(`Open this page on this machine, and create the app under ${account}:\n${server.url}`);
    await withDeadline(server.done);
  } finally {
    await server.close();
  }
  const { app } = made;
  if (!app) throw new DrydockError('Internal', 'The exchange ended without an app.');
  const { slug, appId, file, installUrl, lacks } = app;
  const { next } = target;
  print(output, { appId, slug, installUrl, file, lacksEvents: lacks, next }, () => [
    `app       ${plain(slug)} (${appId}), stored in ${file}`,
    ...(webhookUrl !== undefined && lacks.length > 0 ? [`lacks     the events ${lacks.join(', ')}`] : []),
    `install   ${installUrl}`,
    'then      list the repositories in your policy as {host: github}',
    `next      ${next.join(', then ')}`,
  ]);
  return 0;
}

/** Where the app is kept. */
interface SetupTarget {
  /** Where GitHub is to send its messages, where that is known. */
  webhookUrl?: string;
  /** Says where it is kept. */
  store(app: AppFile): Promise<string>;
  /** What to do after it. */
  next: string[];
}

/** @throws UsageError where an app is stored already. */
function onThisMachine(options: SetupOptions): SetupTarget {
  const dataDir = dataFolder(options.data);
  if (options.replace !== true && existsSync(appFile(dataDir))) throw appStored(appFile(dataDir));
  return {
    store: async (app) => saveAppFile(dataDir, app, options.replace === true),
    next: ['drydock doctor', 'drydock serve'],
  };
}

/**
 * In the secret of a deployment; nothing of it is written on this machine.
 * @throws before anything is made on GitHub: what keeps it from being stored.
 */
async function inStack(options: SetupOptions): Promise<SetupTarget> {
  const stack = stackOf(options);
  if (!stack) throw new DrydockError('Internal', 'A stack was given, and none was found.');
  const session = await openStackSession(stack);
  if (options.replace !== true && (await session.call('is-stored', [], 'setup')) === true) {
    throw appStored(`The deployment ${stack.stack}`);
  }
  const { webhook } = session.address;
  return {
    ...(webhook === undefined ? {} : { webhookUrl: webhook }),
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

/** @throws UsageError for what GitHub would refuse, or deliver in the open. */
function publicUrl(text: string, webUrl: string): string {
  const url = httpUrl(text, '--webhook-url');
  const { hostname, protocol } = new URL(url);
  const local = protocol === 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  // A GitHub on this machine reaches it too.
  if (!local || new URL(webUrl).protocol === 'http:') return url;
  throw new DrydockError('UsageError', 'GitHub cannot reach --webhook-url from outside.', {
    remedy: 'Give the https address of a proxy or tunnel that leads to the webhook port of `drydock serve`.',
  });
}

/** What GitHub answers; more than this is not kept. */
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

interface Made {
  appId: number;
  slug: string;
  file: string;
  installUrl: string;
  lacks: string[];
}

/** @throws HostUnavailable, HostRefused: GitHub does not take the code, or made another app than was asked for. */
async function exchange(of: {
  code: string;
  apiUrl: string;
  webUrl: string;
  store: SetupTarget['store'];
}): Promise<Made> {
  const { apiUrl, webUrl } = of;
  const quiet = () => undefined;
  const octokit = new Octokit({ baseUrl: apiUrl, log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
  const again = 'Run `drydock github setup` again; a code is good for one exchange within an hour.';
  const answer = await octokit.rest.apps.createFromManifest({ code: of.code }).catch((error: unknown) => {
    const status = (error as { status?: unknown }).status;
    // The library's message names the address, and the code is in it.
    if (typeof status === 'number' && status >= 400 && status < 500) {
      throw new DrydockError('HostRefused', `GitHub refused the code with ${status}.`, { remedy: again });
    }
    throw new DrydockError('HostUnavailable', `${new URL(apiUrl).host} does not answer.`, { remedy: again });
  });
  const parsed = conversion.safeParse(answer.data);
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new DrydockError('HostRefused', `GitHub’s answer is not that of a new app; look at: ${where}.`, {
      remedy: again,
    });
  }
  const app = parsed.data;
  const page =
    new URL(app.html_url).origin === webUrl ? app.html_url.replace(/\/+$/, '') : `${webUrl}/apps/${app.slug}`;
  const excess = excessPermissions(app.permissions);
  if (excess.length > 0) {
    // The manifest went through a browser.
    throw new DrydockError('HostRefused', `The app may do more than was asked for: ${excess.join(', ')}.`, {
      remedy: `It was not stored. Delete it on GitHub (${page}), and run \`drydock github setup\` again.`,
    });
  }
  const file = await of.store({
    version: 1,
    appId: app.id,
    slug: app.slug,
    owner: app.owner.login,
    privateKey: checkPrivateKey(app.pem, 'GitHub’s answer'),
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
