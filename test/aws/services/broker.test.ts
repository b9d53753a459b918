import { hash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGrantHolders } from '../../../adapters/aws/dynamo/grant-holders.ts';
import { awsError } from '../../../adapters/aws/errors.ts';
import { type BrokerAnswer, type BrokerOptions, createBroker } from '../../../adapters/aws/phases/broker.ts';
import { createPhaseStore } from '../../../adapters/aws/phases/store.ts';
import { createSecrets } from '../../../adapters/aws/secrets/secrets.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { PhaseOrder } from '../../../core/ports/runtime/phase-runner.ts';
import { gatewayGrant, sandboxTicket } from '../../../core/run/phase-grant.ts';
import { awsForTests, sdkTries, thrownBy } from '../../machine/contract/aws-fixture.ts';
import { on } from '../../support/aws/faults.ts';
import { roles } from '../../support/aws/roles.ts';
import { secretsManager } from '../../support/aws/secrets.ts';
import { startDynamo, testTables } from '../../support/dynamo.ts';

const bucket = 'artifacts';
const keyArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:deployment';
const storageRole = 'arn:aws:iam::123456789012:role/phase-files';
const phaseId = 'r-1/build/1';
const phaseKey = `${phaseId}/2`;
const expires = 3_600_000;

let now = 0;
const sts = roles(() => now);
const stored = secretsManager({ [keyArn]: 'key-one' });
const aws = awsForTests(() => ({ ...sts.operations, ...stored.operations }));
/** What a function that runs for long still holds. */
let secrets: ReturnType<typeof createSecrets>;

const order = (key: string, more: Partial<PhaseOrder> = {}): PhaseOrder => ({
  spec: {
    phaseKey: key,
    runId: 'r-1',
    taskId: 'T-1',
    phase: 'build',
    base: 'a'.repeat(40),
    inputs: ['plan.json'],
    prompt: 'p',
    agent: null,
    sandbox: { runtime: 'node', dependencies: [], env: {}, testCommand: 'npm test' },
    baseline: false,
    knownFailures: [],
    commands: [],
    limits: { timeoutMs: 1_000, cpu: 1, memoryMb: 1, pids: 1, diskMb: 1 },
  },
  base: {
    host: 'github',
    scope: { repository: 'acme/calc', run: 'r-1' },
    location: 'acme/calc',
    commit: 'a',
    depth: 1,
  },
  model: { provider: 'google', allow: ['google/*'], budgetMicros: 5 },
  registries: [],
  hosts: [],
  inputs: new Map([['plan.json', new Uint8Array([1])]]),
  ...more,
});
const phase = {
  phaseId,
  runId: 'r-1',
  attempt: 2,
  token: 't',
  request: { runId: 'r-1', phase: 'build', round: 1 },
  status: 'launched',
  delivered: false,
} as const;
const store = () => createPhaseStore(new S3Client({}), bucket);
/** By phase key; a test that asks as another caller says so. */
const held = new Map<string, string>();
const proof = 'a'.repeat(64);
const broker = (more: Partial<BrokerOptions> = {}) => {
  const ask = createBroker({
    store: store(),
    phases: { get: async (id) => (id === phaseId ? phase : undefined) },
    holders: {
      async hold(key, by) {
        if (!held.has(key)) held.set(key, by);
        return held.get(key) === by;
      },
    },
    sts: new STSClient({}),
    storageRole,
    bucket,
    clock: { now: () => now },
    deploymentKeys: (newest) => secrets.versions(keyArn, newest),
    readToken: async () => ({ apiUrl: 'https://api.example', gitUrl: 'https://git.example', token: 'read-token' }),
    modelAccess: async () => ({ mode: 'live', key: 'model-key' }),
    credential: async (name) => `value of ${name}`,
    ...more,
  });
  return (request: object) => ask({ proof, ...request });
};
const grant = (key = 'key-one', of = phaseKey): string => gatewayGrant(key, of, expires);

beforeAll(async () => {
  await store().putOrder(order(phaseKey));
  await store().putOrder(order(`${phaseId}/1`));
  await store().putOrder(order('r-2/build/1/2'));
});
beforeEach(() => {
  held.clear();
  now = 0;
  secrets = createSecrets(new SecretsManagerClient({}), () => now);
});

/** What the objects of a session's policy are, as IAM reads it. */
const mayTouch = (answer: BrokerAnswer, path: string): boolean => {
  const policy = sts.sessions.get(answer.credentials.accessKeyId)?.policy as {
    Statement: { Action: string[]; Resource: string[] }[];
  };
  const resources = policy.Statement.filter(({ Action }) => Action.includes('s3:PutObject')).flatMap((s) => s.Resource);
  for (const resource of resources) expect(resource.indexOf('*')).toBe(resource.length - 1);
  return resources.some((resource) => `arn:aws:s3:::${bucket}/${path}`.startsWith(resource.slice(0, -1)));
};

describe('the broker', () => {
  it('R16 gives a gateway what its order takes: the objects of one try, one repository to read, one key', async () => {
    const answer = await broker()({ phaseKey, grant: grant() });
    expect(answer).toMatchObject({
      order: { spec: { phaseKey } },
      ticket: sandboxTicket('key-one', phaseKey),
      codeHost: { token: 'read-token' },
      model: { key: 'model-key' },
    });
    expect(mayTouch(answer, `phases/${phaseKey}/end.json`)).toBe(true);
    expect(mayTouch(answer, 'cache/npm/x')).toBe(true);
    for (const other of [`phases/${phaseKey}0/end.json`, `phases/${phaseId}/1/end.json`, 'orders/x', 'artifacts/x'])
      expect(mayTouch(answer, other)).toBe(false);
    expect(sts.sessions.get(answer.credentials.accessKeyId)).toMatchObject({ roleArn: storageRole, seconds: 3_600 });
    // As the gateway's own calls, not as the broker's.
    const { accessKeyId, secretAccessKey, sessionToken } = answer.credentials;
    const own = new S3Client({ credentials: { accessKeyId, secretAccessKey, sessionToken } });
    await createPhaseStore(own, bucket).putCalls(phaseKey, []);
    expect(aws().calls.at(-1)).toMatchObject({ principal: accessKeyId, action: 's3:PutObject' });
  });

  it('R16 gives the credentials that rules, registries and MCP servers of the order name, and no others', async () => {
    const egress = {
      rules: [],
      private: [{ kind: 'npm' as const, scope: '@acme', url: 'https://npm.acme.example/', credential: 'npm' }],
      mcp: [{ name: 'docs', url: 'https://mcp.acme.example/', tools: ['search'], credential: 'docs' }],
      credentials: { npm: { env: 'NPM_TOKEN', as: 'bearer' }, docs: { env: 'DOCS_TOKEN', as: 'bearer' } },
    };
    const withEgress = { order: async () => ({ ...order(phaseKey), egress, inputs: undefined }) as never };
    const answer = await broker({ store: withEgress })({ phaseKey, grant: grant() });
    expect(answer.egressCredentials).toEqual({
      NPM_TOKEN: 'value of NPM_TOKEN',
      DOCS_TOKEN: 'value of DOCS_TOKEN',
    });
    expect(JSON.stringify(answer.order)).not.toContain('value of');
    expect((await broker()({ phaseKey, grant: grant() })).egressCredentials).toBeUndefined();
  });

  it.each([
    ['for another phase', { grant: grant('key-one', `${phaseId}/1`) }],
    ['made with another key', { grant: grant('key-two') }],
    ['that says it lasts longer', { grant: grant().replace(String(expires), String(expires + 1)) }],
    ['of nothing', { grant: '' }],
    ['of an older try', { phaseKey: `${phaseId}/1`, grant: grant('key-one', `${phaseId}/1`) }],
    ['of a phase that nobody launched', { phaseKey: 'r-2/build/1/2', grant: grant('key-one', 'r-2/build/1/2') }],
  ])('R16 gives nothing for a grant %s', async (_, request) => {
    await expect(broker()({ phaseKey, ...request })).rejects.toMatchObject({ name: 'DeliveryRefused' });
    expect(aws().calls.filter(({ action }) => action === 'sts:AssumeRole')).toEqual([]);
  });

  it('R16 gives nothing once the phase has ended or the grant is old', async () => {
    const ended = broker({ phases: { get: async () => ({ ...phase, answer: { output: {}, patch: {} } }) } });
    await expect(ended({ phaseKey, grant: grant() })).rejects.toMatchObject({ name: 'DeliveryRefused' });
    now = expires;
    await expect(broker()({ phaseKey, grant: grant() })).rejects.toMatchObject({ name: 'DeliveryRefused' });
  });

  it('takes grants of both keys while the deployment key is replaced, and the tickets that belong to them', async () => {
    const asked = broker();
    await asked({ phaseKey, grant: grant('key-one') });
    stored.put(keyArn, 'key-two');
    now = 20_000;
    // It holds the old key for minutes; who launched this phase has the new one already.
    expect((await asked({ phaseKey, grant: grant('key-two') })).ticket).toBe(sandboxTicket('key-two', phaseKey));
    expect((await asked({ phaseKey, grant: grant('key-one') })).ticket).toBe(sandboxTicket('key-one', phaseKey));
    stored.put(keyArn, 'key-three');
    now = 40_000;
    await asked({ phaseKey, grant: grant('key-three') });
    await expect(asked({ phaseKey, grant: grant('key-one') })).rejects.toMatchObject({ name: 'DeliveryRefused' });
  });

  it('says what is missing, so that the phase ends with it', async () => {
    stored.put(keyArn, 'key-one');
    const none = broker({
      modelAccess: () => Promise.reject(new DrydockError('SecretMissing', 'no key for google')),
    });
    expect((await none({ phaseKey, grant: grant() })).missing).toEqual({
      name: 'SecretMissing',
      message: 'no key for google',
    });
  });

  it('says of what AWS could not do now that it may pass, and of anything else no word of AWS', async () => {
    aws().faults.push({ match: on('secretsmanager:GetSecretValue'), times: sdkTries, do: 'broken' });
    const modelAccess = (): Promise<never> =>
      createSecrets(new SecretsManagerClient({}), () => now).modelAccess('models', 'google') as Promise<never>;
    const asked = broker({ deploymentKeys: async () => ['key-one'], modelAccess });
    expect((await asked({ phaseKey, grant: grant() })).missing?.name).toBe('Conflict');
    aws().faults.push({ match: on('secretsmanager:GetSecretValue'), do: 'denied' });
    expect((await asked({ phaseKey, grant: grant() })).missing).toEqual({
      name: 'ServiceRefused',
      message: 'AWS answered AccessDeniedException.',
    });
  });

  it('fails by a name that is tried again where STS stays away', async () => {
    aws().faults.push({ match: on('sts:AssumeRole'), times: sdkTries, do: 'broken' });
    expect(awsError(await thrownBy(broker()({ phaseKey, grant: grant() })))).toMatchObject({ name: 'Conflict' });
    aws().faults.push({ match: on('sts:AssumeRole'), do: { code: 'AccessDenied', status: 403 } });
    expect(awsError(await thrownBy(broker()({ phaseKey, grant: grant() })))).toMatchObject({ name: 'ServiceRefused' });
  });
});

describe('the grant of a gateway, which others can read in the overrides of its task (D2)', () => {
  const other = 'b'.repeat(64);
  const refused = { name: 'DeliveryRefused' };
  const digests = () => [...held.values()];
  beforeEach(() => stored.put(keyArn, 'key-one'));

  it('renews its credentials as often as it asks', async () => {
    const ask = broker();
    for (let time = 0; time < 3; time++) expect((await ask({ phaseKey, grant: grant() })).ticket).toHaveLength(64);
    // The secret itself is stored nowhere.
    expect(digests()).toEqual([hash('sha256', proof)]);
  });

  it.each<[string, object]>([
    ['by somebody else', { proof: other }],
    ['without a proof', { proof: undefined }],
    ['with the digest that is stored', { proof: hash('sha256', proof) }],
    ['with a proof of another form', { proof: 'a' }],
  ])('is nothing when it is replayed %s', async (_, request) => {
    await broker()({ phaseKey, grant: grant() });
    await expect(broker()({ phaseKey, grant: grant(), ...request })).rejects.toThrow();
    expect((await broker()({ phaseKey, grant: grant() })).ticket).toHaveLength(64);
  });

  it('is nothing for the second of two callers at once, and nobody else becomes its holder by a refused request', async () => {
    const ended = broker({ phases: { get: async () => ({ ...phase, answer: { output: {}, patch: {} } }) } });
    await expect(ended({ phaseKey, grant: grant(), proof: other })).rejects.toMatchObject(refused);
    await expect(broker()({ phaseKey, grant: 'x', proof: other })).rejects.toMatchObject(refused);
    const both = await Promise.allSettled(
      [proof, other].map((each) => broker()({ phaseKey, grant: grant(), proof: each })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is nothing after the attempt has ended, for its holder too', async () => {
    await broker()({ phaseKey, grant: grant() });
    const ended = broker({ phases: { get: async () => ({ ...phase, answer: { output: {}, patch: {} } }) } });
    await expect(ended({ phaseKey, grant: grant() })).rejects.toMatchObject(refused);
    const next = broker({ phases: { get: async () => ({ ...phase, attempt: 3 }) } });
    await expect(next({ phaseKey, grant: grant() })).rejects.toMatchObject(refused);
  });

  it('has one holder in the table, whoever comes at the same time, and another attempt has its own', async () => {
    const dynamo = await startDynamo(':memory:');
    try {
      const holders = createGrantHolders(dynamo.client, testTables.gates);
      const callers = Array.from({ length: 8 }, (_, each) => String(each));
      const held = await Promise.all(callers.map((each) => holders.hold(phaseKey, each)));
      expect(held.filter(Boolean)).toHaveLength(1);
      const holder = String(held.indexOf(true));
      expect(await holders.hold(phaseKey, holder)).toBe(true);
      expect(await holders.hold(phaseKey, 'x')).toBe(false);
      expect(await holders.hold(`${phaseId}/3`, 'x')).toBe(true);
    } finally {
      await dynamo.close();
    }
  });
});
