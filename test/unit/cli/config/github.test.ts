import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AppFile, appFile, loadGitHubConfig, webUrlOf } from '../../../../cli/config/github.ts';
import { DrydockError } from '../../../../core/errors.ts';

const encoding = { type: 'pkcs1', format: 'pem' } as const;
const pem = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  privateKeyEncoding: encoding,
  publicKeyEncoding: encoding,
}).privateKey.trim();
const ec = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
}).privateKey;
const stored: AppFile = {
  version: 1,
  appId: 7,
  slug: 'acme-drydock',
  owner: 'acme',
  privateKey: pem,
  webhookSecrets: ['from the file'],
  apiUrl: 'https://github.example.com/api/v3',
  gitUrl: 'https://github.example.com',
};

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'drydock-github-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const load = (env: NodeJS.ProcessEnv = {}) => loadGitHubConfig({ dataDir, env });
const fault = (env: NodeJS.ProcessEnv = {}): DrydockError => {
  try {
    load(env);
  } catch (error) {
    if (error instanceof DrydockError) return error;
  }
  throw new Error('it was taken');
};
const store = (content: unknown, mode = 0o600): void => {
  writeFileSync(appFile(dataDir), typeof content === 'string' ? content : JSON.stringify(content), { mode });
  chmodSync(appFile(dataDir), mode);
};
const secretFile = (content: string): string => {
  const file = join(dataDir, 'secret');
  writeFileSync(file, content);
  return file;
};

describe("GitHub's credentials", () => {
  test('there are none', () => {
    expect(load()).toBeUndefined();
    expect(load({ GITHUB_TOKEN: '', GITHUB_APP_ID: ' ', GITHUB_WEBHOOK_SECRET: 'x' })).toBeUndefined();
  });

  test('an app in the environment; its key on one line, or in a file', () => {
    const expected = {
      apiUrl: 'https://api.github.com',
      gitUrl: 'https://github.com',
      auth: { appId: 12, privateKey: pem },
      webhookSecrets: ['new', 'old'],
    };
    const secrets = { GITHUB_WEBHOOK_SECRET: 'new', GITHUB_WEBHOOK_SECRET_PREVIOUS: 'old' };
    const oneLine = pem.replaceAll('\n', '\\n');
    expect(load({ GITHUB_APP_ID: '12', GITHUB_APP_PRIVATE_KEY: pem, ...secrets })).toEqual(expected);
    expect(load({ GITHUB_APP_ID: '12', GITHUB_APP_PRIVATE_KEY: oneLine, ...secrets })).toEqual(expected);
    const file = secretFile(`${pem}\n`);
    expect(load({ GITHUB_APP_ID: '12', GITHUB_APP_PRIVATE_KEY_FILE: file, ...secrets })).toEqual(expected);
    rmSync(file);
    const previous = secretFile('old\n');
    expect(
      load({
        GITHUB_APP_ID: '12',
        GITHUB_APP_PRIVATE_KEY: pem,
        GITHUB_WEBHOOK_SECRET: 'new',
        GITHUB_WEBHOOK_SECRET_PREVIOUS_FILE: previous,
      }),
    ).toEqual(expected);
  });

  test('a personal token, on a server of one’s own', () => {
    const config = load({ GITHUB_TOKEN: 'ghp_x', GITHUB_API_URL: 'https://github.example.com/api/v3/' });
    expect(config).toEqual({
      apiUrl: 'https://github.example.com/api/v3',
      gitUrl: 'https://github.example.com',
      auth: { token: 'ghp_x' },
      webhookSecrets: [],
    });
  });

  test('the file that setup left, and each variable over it', () => {
    store(stored);
    const { apiUrl, gitUrl } = stored;
    const auth = { appId: 7, privateKey: pem };
    expect(load()).toEqual({ apiUrl, gitUrl, auth, webhookSecrets: ['from the file'] });
    expect(load({ GITHUB_WEBHOOK_SECRET: 'env' })).toEqual({ apiUrl, gitUrl, auth, webhookSecrets: ['env'] });
    expect(load({ GITHUB_TOKEN: 't' })?.auth).toEqual({ token: 't' });
    expect(load({ GITHUB_API_URL: 'http://127.0.0.1:9', GITHUB_SERVER_URL: 'http://127.0.0.1:8' })).toMatchObject({
      apiUrl: 'http://127.0.0.1:9',
      gitUrl: 'http://127.0.0.1:8',
    });
    expect(load({ GITHUB_API_URL: 'https://api.github.com' })?.gitUrl).toBe('https://github.com');
  });

  test.each([
    ['https://api.github.com', 'https://github.com'],
    ['https://api.acme.ghe.com', 'https://acme.ghe.com'],
    ['https://github.example.com/api/v3', 'https://github.example.com'],
    ['https://api.example.com:8443/api/v3', 'https://api.example.com:8443'],
  ])('the pages of %s are at %s', (apiUrl, expected) => {
    expect(webUrlOf(apiUrl)).toBe(expected);
  });

  test.each<[string, NodeJS.ProcessEnv, string, RegExp]>([
    [
      'an app without a key',
      { GITHUB_APP_ID: '12' },
      'SecretMissing',
      /GITHUB_APP_ID is set and GITHUB_APP_PRIVATE_KEY is not/,
    ],
    [
      'a key without an app',
      { GITHUB_APP_PRIVATE_KEY: pem },
      'SecretMissing',
      /GITHUB_APP_PRIVATE_KEY is set and GITHUB_APP_ID is not/,
    ],
    [
      'an id that is none',
      { GITHUB_APP_ID: 'Iv1.8a61', GITHUB_APP_PRIVATE_KEY: pem },
      'SecretMissing',
      /GITHUB_APP_ID/,
    ],
    [
      'a key that is none',
      { GITHUB_APP_ID: '12', GITHUB_APP_PRIVATE_KEY: 'TOP SECRET' },
      'SecretMissing',
      /GITHUB_APP_PRIVATE_KEY/,
    ],
    ['a key of another kind', { GITHUB_APP_ID: '12', GITHUB_APP_PRIVATE_KEY: ec }, 'SecretMissing', /RSA/],
    ['a file that is not there', { GITHUB_TOKEN_FILE: '/nowhere/at/all' }, 'FileUnreadable', /GITHUB_TOKEN_FILE/],
    [
      'plain HTTP elsewhere',
      { GITHUB_TOKEN: 't', GITHUB_API_URL: 'http://github.example.com' },
      'UsageError',
      /GITHUB_API_URL/,
    ],
    [
      'an address with a password',
      { GITHUB_TOKEN: 't', GITHUB_API_URL: 'https://u:TOP@h.example' },
      'UsageError',
      /GITHUB_API_URL/,
    ],
    ['no address', { GITHUB_TOKEN: 't', GITHUB_SERVER_URL: 'github' }, 'UsageError', /GITHUB_SERVER_URL/],
  ])('%s is refused by name, with a remedy and without the value', (_, env, name, message) => {
    const error = fault(env);
    expect(error.name).toBe(name);
    expect(error.message).toMatch(message);
    expect(error.remedy).not.toBe('');
    expect(`${error.message} ${error.remedy} ${String(error.cause)}`).not.toMatch(/TOP|ghp_|BEGIN EC/);
  });

  test.each<[string, unknown, number, RegExp]>([
    ['open to others', stored, 0o640, /read by others/],
    ['cut off', JSON.stringify(stored).slice(0, -5), 0o600, /is not valid JSON/],
    ['of a later version', { ...stored, version: 2 }, 0o600, /is invalid in these fields: version/],
    ['with an unknown field', { ...stored, token: 'TOP' }, 0o600, /is invalid in these fields: the document/],
    [
      'with three secrets',
      { ...stored, webhookSecrets: ['a', 'b', 'c'] },
      0o600,
      /is invalid in these fields: webhookSecrets/,
    ],
  ])('a file that is %s is refused', (_, content, mode, message) => {
    store(content, mode);
    const error = fault();
    expect(error.name).toBe('FileUnreadable');
    expect(error.message).toMatch(message);
    expect(error.message).not.toMatch(/TOP|BEGIN|from the file/);
  });

  test('a file whose key is none is refused', () => {
    store({ ...stored, privateKey: 'TOP' });
    expect(fault()).toMatchObject({ name: 'SecretMissing', message: expect.not.stringContaining('TOP') });
  });
});
