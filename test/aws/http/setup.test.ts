/** `drydock github setup --stack`: the App goes from GitHub into the account's secret, and is on no disk. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeCall } from '../../../pipeline/api/answer.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import { type Reached, reach } from '../../support/aws/reach.ts';
import { functionId, ofType, statementsOfRole, synthesizeHere, text } from '../../support/aws/template.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { appMaker, createApp, setupPage } from '../../support/github/app-setup.ts';

let world: AwsWorld;
let at: Reached;
let github: Awaited<ReturnType<typeof appMaker>>;
let url = '';
let privateKey = '';
let stored: string | undefined;
let rotated: Record<string, unknown>[] = [];

beforeAll(async () => {
  world = await createAwsWorld();
  at = await reach(world);
  world.operations['secretsmanager:DescribeSecret'] = () => ({
    VersionIdsToStages: stored === undefined ? {} : { v1: ['AWSCURRENT'] },
  });
  world.operations['secretsmanager:PutSecretValue'] = ({ SecretString }) => {
    stored = String(SecretString);
    return {};
  };
  world.operations['secretsmanager:RotateSecret'] = (input) => {
    rotated.push({ ...input, stored: stored !== undefined });
    return {};
  };
  github = await appMaker();
  ({ url, privateKey } = github);
});
afterAll(async () => {
  github.close();
  await at.close();
  await world.close();
});
beforeEach(() => {
  stored = undefined;
  github.made = 0;
  rotated = [];
});

/** The command, and a browser that goes the whole way. */
async function setup(who: string, ...more: string[]) {
  const args = ['--json', 'github', 'setup', '--stack', 'Drydock', '--api-url', url, '--web-url', url, ...more];
  const { said, stderr } = at.start(who, args);
  let over = false;
  const ended = said.finally(() => {
    over = true;
  });
  let page: string | undefined;
  while (!over && page === undefined) {
    page = setupPage(stderr());
    await new Promise((go) => setTimeout(go, 20));
  }
  if (page === undefined) return { ...(await ended), form: '' };
  const form = await createApp(page);
  return { ...(await ended), form };
}

describe('drydock github setup --stack', () => {
  test('stores the App in the account, with the webhook of the deployment, and says what is next', async () => {
    const { code, json, stdout, stderr, form } = await setup('lead');
    expect([code, json.appId, json.next]).toEqual([0, 37, ['drydock doctor --aws --stack Drydock']]);
    expect(JSON.parse(stored ?? '')).toEqual({
      appId: 37,
      privateKey,
      webhookSecrets: ['secret-of-the-webhook'],
      apiUrl: url,
      gitUrl: url,
    });
    // A schedule on an empty secret fails, so the rotation begins with its first value.
    expect(rotated).toEqual([
      expect.objectContaining({
        stored: true,
        RotateImmediately: false,
        RotationRules: { AutomaticallyAfterDays: 60 },
        RotationLambdaARN: expect.stringContaining('Rotate'),
      }),
    ]);
    expect(form).toContain(at.address.webhook);
    expect(`${stdout}${stderr}`).not.toMatch(/BEGIN RSA|secret-of-the-webhook/);
  });

  test('refuses where one is stored, or the role may not, before anything is made on GitHub', async () => {
    stored = '{}';
    expect(await setup('lead')).toMatchObject({ code: 2, json: { error: { name: 'UsageError' } } });
    expect((await setup('lead', '--replace')).code).toBe(0);
    expect(stored).toContain('BEGIN RSA');
    github.made = 0;
    const approver = at.callers.get('SECOND');
    if (approver) approver.may = ['POST /operate', 'POST /diagnose'];
    expect(await setup('second')).toMatchObject({ code: 4, json: { error: { name: 'ServiceRefused' } } });
    expect(github.made).toBe(0);
  });

  test('the function takes nothing but an App, and does not overwrite one unasked', async () => {
    const call = async (method: string, ...args: unknown[]): Promise<string> => {
      const requestContext = { authorizer: { iam: { userArn: 'arn:aws:iam::123456789012:user/u' } } };
      const event = { version: '2.0', routeKey: 'POST /setup', requestContext, body: encodeCall(method, args) };
      return ((await world.call('setup', event)) as { body: string }).body;
    };
    const app = { appId: 1, privateKey, webhookSecrets: ['x'] };
    for (const wrong of [null, {}, { ...app, privateKey: 'sk-1' }, { ...app, webhookSecrets: [] }]) {
      const said = await call('github-app', wrong, true);
      expect([said, said.includes('sk-1')]).toEqual([expect.stringContaining('UsageError'), false]);
    }
    expect(await call('read')).toContain('UsageError');
    expect(stored).toBeUndefined();
    stored = '{}';
    expect(await call('github-app', app, 'yes')).toContain('UsageError');
    expect(stored).toBe('{}');
    expect(notAllowed(world.aws.calls)).toEqual([]);
  });

  test('its role writes that one secret, and reads none', () => {
    const { run } = synthesizeHere();
    const [, made] = ofType(run, 'AWS::Lambda::Function').find(([id]) => id === functionId(run, 'setup')) ?? [];
    const statements = statementsOfRole(run, text(made?.Role).slice(1, -5));
    const writes = statements.filter(({ actions }) => actions.some((action) => action.startsWith('secretsmanager:')));
    expect(writes.map(({ actions, resources }) => [actions, resources])).toEqual([
      [
        ['secretsmanager:DescribeSecret', 'secretsmanager:PutSecretValue', 'secretsmanager:RotateSecret'],
        [expect.stringContaining('drydockgithub')],
      ],
    ]);
  });
});
