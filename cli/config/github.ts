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

/** The file that `drydock github setup` stores. */
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
 * Writes the file atomically and flushed to disk, readable only by its owner.
 * @throws UsageError when the file exists and `replace` is false.
 */
export function saveAppFile(dataDir: string, content: AppFile, replace: boolean): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = appFile(dataDir);
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(handle, `${JSON.stringify(appFileSchema.parse(content), null, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (replace) renameSync(temporary, file);
    else linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw appStored(file);
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return file;
}

export const appStored = (file: string): DrydockError =>
  new DrydockError('UsageError', `${file} already contains an app.`, {
    remedy: 'Use this app; or replace it with --replace, and delete the old app on GitHub.',
  });

export const appFile = (dataDir: string): string => join(dataDir, 'github-app.json');
const defaultApiUrl = 'https://api.github.com';

/**
 * GitHub's credentials: from the environment, otherwise from the file of `drydock github setup` in the data folder;
 * undefined if there are none. For each variable with a secret, a variable with the suffix `_FILE` may name a file.
 * @throws SecretMissing when a credential is incomplete or a key is invalid; FileUnreadable.
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

/** Origin of GitHub's pages, from the URL of its API: github.com, a tenant of ghe.com, or GitHub Enterprise Server. */
export function webUrlOf(apiUrl: string): string {
  const url = new URL(apiUrl);
  if (/^api\.(?:github\.com|[^.]+\.ghe\.com)$/.test(url.hostname)) url.hostname = url.hostname.slice('api.'.length);
  return url.origin;
}

/** Returns the key. @throws SecretMissing when it is not an RSA private key, the only kind that GitHub apps have. */
export function checkPrivateKey(key: string, from: string): string {
  try {
    if (createPrivateKey(key).asymmetricKeyType === 'rsa') return key;
  } catch {
    // Reported below, because the library's message could quote the key.
  }
  throw new DrydockError('SecretMissing', `${from} does not contain an RSA private key in PEM format.`, {
    remedy: 'Download a private key on the app’s settings page; it begins with -----BEGIN RSA PRIVATE KEY-----.',
  });
}

function authOf(env: NodeJS.ProcessEnv): GitHubConfig['auth'] | undefined {
  const [id, key] = [env.GITHUB_APP_ID?.trim() || undefined, secretOf(env, 'GITHUB_APP_PRIVATE_KEY')];
  if (id !== undefined && key !== undefined) {
    if (!/^[1-9]\d{0,14}$/.test(id)) {
      throw new DrydockError('SecretMissing', 'GITHUB_APP_ID is not a valid app id.', {
        remedy: 'Set it to the number on the app’s settings page.',
      });
    }
    // A key in a one-line variable has `\n` in place of line ends.
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

/**
 * Value of a variable, or content of the file that the variable with the suffix `_FILE` names. @throws FileUnreadable.
 */
function secretOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  if (value) return value;
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  let content = '';
  try {
    content = readFileSync(file, 'utf8').trim();
  } catch {
    // An empty content is reported below.
  }
  if (content !== '') return content;
  throw new DrydockError('FileUnreadable', `The file that ${name}_FILE names is empty or cannot be read.`, {
    remedy: 'Put the secret into that file, and make the file readable for the user who runs drydock.',
  });
}

function urlOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name]?.trim();
  return value ? httpUrl(value, name) : undefined;
}

/**
 * A URL without a final slash. HTTPS is required outside this machine, because credentials are sent there.
 * @throws UsageError.
 */
export function httpUrl(text: string, name: string): string {
  const url = URL.parse(text);
  const isPlain = url && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.includes(url.hostname));
  if (isPlain && isSafe) return url.href.replace(/(?<!\/)\/+$/, '');
  throw new DrydockError('UsageError', `${name} is not a valid https URL.`, {
    remedy: 'Write a URL such as https://github.example.com/api/v3, without a password.',
  });
}
const loopback = ['127.0.0.1', 'localhost', '[::1]'];

function readAppFile(file: string): AppFile | undefined {
  const unusable = (reason: string, remedy: string): DrydockError =>
    new DrydockError('FileUnreadable', `${file} ${reason}.`, { remedy });
  let text: string;
  try {
    // Anybody who can read this file can act as the app.
    if ((statSync(file).mode & 0o077) !== 0) throw unusable('can be read by others', `Run: chmod 600 ${file}`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof DrydockError) throw error;
    throw unusable('cannot be read', 'Make it readable only for the user who runs drydock.');
  }
  const again = 'Run `drydock github setup` again, or set GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.';
  let parsed: ReturnType<typeof appFileSchema.safeParse>;
  try {
    parsed = appFileSchema.safeParse(JSON.parse(text));
  } catch {
    throw unusable('is not valid JSON', again);
  }
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join('.') || 'the document').join(', ');
    throw unusable(`is invalid in these fields: ${where}`, again);
  }
  checkPrivateKey(parsed.data.privateKey, file);
  return parsed.data;
}
