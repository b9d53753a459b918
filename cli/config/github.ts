import { createPrivateKey, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { GitHubConfig } from '../../adapters/github/api/config.ts';
import { DrydockError } from '../../core/errors.ts';

/** What `drydock github setup` stores. */
const appFileSchema = z.strictObject({
  version: z.literal(1),
  appId: z.int().positive(),
  slug: z.string().min(1),
  owner: z.string().min(1),
  privateKey: z.string().min(1),
  /** Newest first; two during a rotation. */
  webhookSecrets: z.array(z.string().min(1)).max(2),
  apiUrl: z.url(),
  gitUrl: z.url(),
});
export type AppFile = z.infer<typeof appFileSchema>;

/**
 * Writes the file whole or not at all, for its owner alone, and on disk when it returns.
 * @throws UsageError when there is one and it is not to be replaced.
 */
export function saveAppFile(dataDir: string, content: AppFile, replace: boolean): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = appFile(dataDir);
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = openSync(aside, 'wx', 0o600);
    try {
      writeSync(handle, `${JSON.stringify(appFileSchema.parse(content), null, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (replace) renameSync(aside, file);
    else linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw appStored(file);
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return file;
}

export const appStored = (file: string): DrydockError =>
  new DrydockError('UsageError', `${file} holds an app already.`, {
    remedy: 'Use it; or replace it with --replace, and delete the old app on GitHub.',
  });

export const appFile = (dataDir: string): string => join(dataDir, 'github-app.json');
const defaultApiUrl = 'https://api.github.com';

/**
 * GitHub's credentials: the environment's, else those that `drydock github setup` left in the data folder; undefined
 * without any. Each variable that holds a secret may instead be named with `_FILE` and hold a path.
 * @throws SecretMissing when half of a credential is there or a key is none; FileUnreadable.
 */
export function loadGitHubConfig(from: { dataDir: string; env: NodeJS.ProcessEnv }): GitHubConfig | undefined {
  const { env } = from;
  const app = readAppFile(appFile(from.dataDir));
  const auth = authOf(env) ?? (app && { appId: app.appId, privateKey: app.privateKey });
  if (!auth) return undefined;
  const apiUrl = urlOf(env, 'GITHUB_API_URL') ?? app?.apiUrl ?? defaultApiUrl;
  const gitUrl =
    urlOf(env, 'GITHUB_SERVER_URL') ?? (app !== undefined && app.apiUrl === apiUrl ? app.gitUrl : webUrlOf(apiUrl));
  const secrets = ['GITHUB_WEBHOOK_SECRET', 'GITHUB_WEBHOOK_SECRET_PREVIOUS'].flatMap(
    (name) => secretOf(env, name) ?? [],
  );
  return { apiUrl, gitUrl, auth, webhookSecrets: secrets.length > 0 ? secrets : (app?.webhookSecrets ?? []) };
}

/** Address of GitHub's pages, from that of its API: github.com, a tenant of ghe.com, or a server of one's own. */
export function webUrlOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (/^api\.(?:github\.com|[^.]+\.ghe\.com)$/.test(url.hostname)) url.hostname = url.hostname.slice('api.'.length);
  return url.origin;
}

/** @throws SecretMissing when it is no private key of RSA, which is what GitHub's apps have. */
export function checkPrivateKey(key: string, from: string): string {
  try {
    if (createPrivateKey(key).asymmetricKeyType === 'rsa') return key;
  } catch {
    // said below; the library's message could quote what it read
  }
  throw new DrydockError('SecretMissing', `${from} holds no RSA private key in PEM.`, {
    remedy: 'Download a private key on the app’s settings page; it begins with -----BEGIN RSA PRIVATE KEY-----.',
  });
}

function authOf(env: NodeJS.ProcessEnv): GitHubConfig['auth'] | undefined {
  const [id, key] = [env.GITHUB_APP_ID?.trim() || undefined, secretOf(env, 'GITHUB_APP_PRIVATE_KEY')];
  if (id !== undefined && key !== undefined) {
    if (!/^[1-9]\d{0,14}$/.test(id)) {
      throw new DrydockError('SecretMissing', 'GITHUB_APP_ID is no app id.', {
        remedy: 'Set it to the number on the app’s settings page.',
      });
    }
    // Variables of one line carry a key with its line ends spelled out.
    const pem = key.includes('\n') ? key : key.replaceAll('\\n', '\n');
    return { appId: Number(id), privateKey: checkPrivateKey(pem, 'GITHUB_APP_PRIVATE_KEY') };
  }
  if (id !== undefined || key !== undefined) {
    const both = ['GITHUB_APP_ID', 'GITHUB_APP_PRIVATE_KEY'];
    const [has, lacks] = id === undefined ? both.reverse() : both;
    throw new DrydockError('SecretMissing', `${has} is set and ${lacks} is not.`, { remedy: `Set ${lacks} too.` });
  }
  const token = secretOf(env, 'GITHUB_TOKEN');
  return token === undefined ? undefined : { token };
}

/** A variable, or the content of the file that the one with `_FILE` names. @throws FileUnreadable. */
function secretOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  if (value) return value;
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  let content = '';
  try {
    content = readFileSync(file, 'utf8').trim();
  } catch {
    // said below
  }
  if (content !== '') return content;
  throw new DrydockError('FileUnreadable', `The file that ${name}_FILE names is empty or cannot be read.`, {
    remedy: 'Put the secret into that file, readable by whoever runs drydock.',
  });
}

function urlOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value ? httpUrl(value, name) : undefined;
}

/**
 * An address without a slash at the end. Credentials go there, so it is HTTPS, but on this machine itself.
 * @throws UsageError.
 */
export function httpUrl(text: string, name: string): string {
  const url = URL.parse(text);
  const plain = url && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.includes(url.hostname));
  if (plain && safe) return url.href.replace(/\/+$/, '');
  throw new DrydockError('UsageError', `${name} is no https address.`, {
    remedy: 'Write an address such as https://github.example.com/api/v3, without a password in it.',
  });
}
const loopback = ['127.0.0.1', 'localhost', '[::1]'];

function readAppFile(file: string): AppFile | undefined {
  const unusable = (reason: string, remedy: string): DrydockError =>
    new DrydockError('FileUnreadable', `${file} ${reason}.`, { remedy });
  let text: string;
  try {
    // Others on this machine who can read it are the app.
    if ((statSync(file).mode & 0o077) !== 0) throw unusable('can be read by others', `Run: chmod 600 ${file}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof DrydockError) throw error;
    throw unusable('cannot be read', 'Make it readable by whoever runs drydock, and by nobody else.');
  }
  const again = 'Run `drydock github setup` again, or set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.';
  let parsed: ReturnType<typeof appFileSchema.safeParse>;
  try {
    parsed = appFileSchema.safeParse(JSON.parse(text));
  } catch {
    throw unusable('is no JSON', again);
  }
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join('.') || 'the document').join(', ');
    throw unusable(`is not what setup writes; look at: ${where}`, again);
  }
  checkPrivateKey(parsed.data.privateKey, file);
  return parsed.data;
}
