/** The commands of docs/aws.md, from a clone to a deployment that works, at a terminal: the transcript in the document is what they print. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Operator, operator } from '../../support/aws/operator.ts';
import { root, synthesizeHere } from '../../support/aws/template.ts';
import { appMaker, createApp, setupPage } from '../../support/github/app-setup.ts';

let me: Operator;
let github: Awaited<ReturnType<typeof appMaker>>;
beforeEach(async () => {
  const { kept, run } = synthesizeHere();
  me = await operator({ DrydockState: kept, Drydock: run });
  github = await appMaker();
  const app = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:github';
  me.service = {
    'is-stored': () => me.account.secrets.get(app) !== undefined,
    'github-app': (given) => void me.account.secrets.set(app, JSON.stringify(given)),
  };
});
afterEach(async () => {
  expect(me.aws.unknown).toEqual([]);
  github.close();
  await me.close();
});

test('drydock aws init and up, at a terminal', async () => {
  const home = join(me.folder, 'home');
  mkdirSync(home, { recursive: true });
  const init = await me.run(['aws', 'init'], {}, home).said;
  expect(init.code).toBe(0);

  const up = ['aws', 'up', '--org', 'acme'];
  let opened: Promise<string> | undefined;
  const first = await me.atTerminal(
    up,
    [
      [/Go on\?/, 'yes'],
      [/google \(/, 'key-of-google'],
    ],
    (screen) => {
      const page = setupPage(screen);
      if (page !== undefined) opened ??= createApp(page);
    },
    { GITHUB_API_URL: github.url },
  );
  expect(await opened).toContain(`${me.api.url}/webhook`);
  expect(first.code).toBe(0);
  expect(me.account.made).toEqual({
    'service role': 1,
    bootstrap: 1,
    'stack DrydockState': 1,
    'stack Drydock': 1,
    'value of arn:aws:secretsmanager:eu-central-1:123456789012:secret:models': 1,
  });
  expect(me.account.secrets.get('arn:aws:secretsmanager:eu-central-1:123456789012:secret:models')).toBe(
    '{"google":"key-of-google"}',
  );
  expect(first.screen).not.toMatch(/key-of-google|BEGIN RSA|secret-of/);

  const second = await me.atTerminal(up, [[/Go on\?/, 'yes']]);
  expect(second.code).toBe(0);
  expect(github.made).toBe(1);

  const shown = (screen: string) =>
    screen
      .replaceAll(me.folder, '/home/me/drydock')
      .replaceAll(me.api.url, 'https://API')
      .replaceAll(github.url, 'https://github.com')
      .replace(/http:\/\/127\.0\.0\.1:\d+\/start\/[0-9a-f]{64}/, 'http://127.0.0.1:PORT/start/SECRET')
      .trim();
  const begin = init.stdout.replaceAll(home, '/home/me/drydock').trim();
  const transcript = `$ npm run drydock -- aws init\n${begin}\n\n$ npm run drydock -- aws up --org acme\n${shown(first.screen)}\n`;
  await expect(transcript).toMatchFileSnapshot(join(root, 'test/golden/aws-up.txt'));
  expect(readFileSync(join(root, 'docs/aws.md'), 'utf8')).toContain(`\`\`\`text\n${transcript}\`\`\``);
});
