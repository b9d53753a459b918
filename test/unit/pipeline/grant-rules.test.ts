import { expect, test } from 'vitest';
import { grantRules } from '../../../pipeline/phases/grant-rules.ts';

const rule = { host: 'api.example.com', methods: ['GET'], paths: ['/**'], bodyBytes: 0 };
const granted = (as: string, value: string) =>
  grantRules(
    { rules: [{ ...rule, credential: 'api' }, rule], private: [], credentials: { api: { env: 'API', as } } },
    async () => value,
  );

test.each([
  ['bearer', 'abc', { name: 'authorization', value: 'Bearer abc' }],
  ['basic', 'me:pw', { name: 'authorization', value: 'Basic bWU6cHc=' }],
  ['header X-Token', 'abc', { name: 'X-Token', value: 'abc' }],
])('a credential is sent as %s', async (as, value, credential) => {
  expect((await granted(as, value)).rules).toEqual([{ ...rule, credential }, rule]);
});

test.each([
  ['bearer', 'secret\nvalue'],
  ['bearer', ''],
  ['basic', 'secret-value'],
])('%s of %j is missing, and the message does not hold it', async (as, value) => {
  const thrown = await granted(as, value).catch((error: Error) => error);
  expect(thrown).toMatchObject({ name: 'SecretMissing' });
  expect(JSON.stringify([thrown, String(thrown)])).not.toContain('secret');
});

test('only variables of credentials that are named are read, each once', async () => {
  const asked: string[] = [];
  const read = async (name: string): Promise<string> => {
    asked.push(name);
    return 'abc';
  };
  const credentials = { api: { env: 'API', as: 'bearer' }, other: { env: 'OTHER', as: 'bearer' } };
  await grantRules(
    { rules: [rule, { ...rule, credential: 'api' }, { ...rule, credential: 'api' }], private: [], credentials },
    read,
  );
  expect(asked).toEqual(['API']);
  await expect(
    grantRules({ rules: [{ ...rule, credential: 'none' }], private: [], credentials }, read),
  ).rejects.toThrow('none');
});

test('the credential of an MCP server is put in as that of a rule is', async () => {
  const docs = { name: 'docs', url: 'https://mcp.example.com/', tools: ['search'] };
  const granted = await grantRules(
    {
      rules: [],
      private: [],
      mcp: [{ ...docs, credential: 'api' }, docs],
      credentials: { api: { env: 'API', as: 'bearer' } },
    },
    async () => 'abc',
  );
  expect(granted.mcp).toEqual([{ ...docs, credential: { name: 'authorization', value: 'Bearer abc' } }, docs]);
});
