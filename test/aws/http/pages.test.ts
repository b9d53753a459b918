/** The pages of a deployment: the bundled function behind the routes of the template, a real issuer, a real browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isFinal } from '../../../core/run/status.ts';
import { startBrowser } from '../../machine/pages/site.ts';
import { notAllowed } from '../../support/aws/allowed.ts';
import { grantsOf } from '../../support/aws/deployed.ts';
import type { TaskScript } from '../../support/aws/fargate.ts';
import { type AwsWorld, createAwsWorld } from '../../support/aws-world.ts';
import { pushedSpec } from '../../support/github-world.ts';
import { startIssuer, type TestIssuer } from '../../support/issuer.ts';

const people = {
  lead: { github: 'lead-gh', email: 'lead@example.com' },
  second: { github: 'second-gh', oidc: 'subject-of-second' },
  dev: { github: 'dev-gh' },
};
const budgets = { default: { sprint_starts: '2026-11-16', sprint_days: 14, limit_usd: 200 } };
let browser: Browser;
let issuer: TestIssuer;
let world: AwsWorld;
/** What the function of the pages needed of IAM, in all tests together. */
const used = new Set<string>();

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());
afterEach(async () => {
  if (browser.contexts().length === 0) return;
  for (const context of browser.contexts()) await context.close();
  await world.ecs.idle();
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
  for (const { principal, needs } of world.aws.calls)
    if (principal === 'pages') for (const { action } of needs) used.add(action);
  expect(issuer.faults).toEqual([]);
  await world.close();
  await issuer.close();
});

async function deploy(accounts: Record<string, Record<string, unknown>>, script?: TaskScript): Promise<void> {
  issuer = await startIssuer(accounts);
  world = await createAwsWorld({ issuer: issuer.url, policy: { people, budgets }, ...(script ? { script } : {}) });
  issuer.serve(`${world.origin}/login/callback`, 'secret-of-the-client');
}
/** A browser of its own, which remembers every fault of script and policy. */
async function open(): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ baseURL: world.origin, viewport: { width: 1100, height: 800 } });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    const { url } = message.location();
    if (message.type() === 'error' && url.startsWith(world.origin)) faults.push(`${url}: ${message.text()}`);
  });
  return { page, faults };
}
/** On the issuer's own pages. */
async function signIn(page: Page, name: string): Promise<void> {
  await page.waitForURL(`${issuer.url}/**`);
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}
const shot = async (page: Page, name: string): Promise<void> => {
  const folder = process.env.DRYDOCK_SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
};

describe('R24 R40 the pages of a deployment', () => {
  test('sign in → run → gate → approve: decided as that person, who then signs out', async () => {
    await deploy({ 'sub-1': { email: 'lead@example.com', email_verified: true } });
    await world.github.push({ '.agent-tasks/FIX-1.yaml': pushedSpec(world.github) }, { by: 'dev-gh' });
    const run = await world.until('FIX-1', ({ state, status }) => state === 'ReviewGate' && status === 'waiting');
    const { page, faults } = await open();
    await page.goto(`/runs/${run.runId}`);
    await signIn(page, 'sub-1');
    await page.waitForURL(`${world.origin}/runs/${run.runId}`);
    expect(await page.locator('.who').textContent()).toBe('deciding as lead');
    await shot(page, 'run');
    await page.getByRole('link', { name: 'Open the decision' }).click();
    await page.getByRole('heading', { name: 'Decide as lead' }).waitFor();
    await shot(page, 'gate');
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByText('Decided: approved').waitFor();
    const ended = await world.until('FIX-1', ({ status }) => isFinal(status));
    expect(ended.status).toBe('delivered');
    await page.goto(`/runs/${run.runId}/audit`);
    expect(await page.locator('main').textContent()).toMatch(/approved by lead/);

    // A page follows a run by asking; without a session it asks for one.
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Signed out' }).waitFor();
    await shot(page, 'signed-out');
    expect(await page.context().cookies(world.origin)).toEqual([]);
    const followed = await page.context().request.get(`/runs/${run.runId}/follow`);
    expect(followed.status()).toBe(401);
    expect(faults).toEqual([]);
  });

  test('a link from elsewhere is opened without signing in again, and pages follow by asking', async () => {
    await deploy({ 'subject-of-second': {} });
    await world.github.push({ '.agent-tasks/FIX-1.yaml': pushedSpec(world.github) }, { by: 'dev-gh' });
    const { runId } = await world.until('FIX-1', ({ state, status }) => state === 'ReviewGate' && status === 'waiting');
    const { page, faults } = await open();
    await page.goto('/');
    await signIn(page, 'subject-of-second');
    await page.waitForURL(`${world.origin}/`);
    expect(await page.locator('.who').textContent()).toBe('deciding as second');
    expect(await page.getByRole('link', { name: 'Outbox' }).count()).toBe(0);
    await shot(page, 'runs');
    const cookies = await page.context().cookies(world.origin);
    expect(
      cookies.map(({ name, httpOnly, secure, sameSite, path }) => [name, httpOnly, secure, sameSite, path]),
    ).toEqual([['__Host-drydock_session', true, true, 'Strict', '/']]);

    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.route('**/mail', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<a href="${world.origin}/runs/${runId}">run</a>` }),
    );
    await page.goto('http://127.0.0.1:9/mail');
    await page.getByRole('link', { name: 'run' }).click();
    await page.locator('.trail', { hasText: 'FIX-1' }).waitFor();
    expect(asked.filter((url) => url.startsWith(issuer.url))).toEqual([]);

    // The decision of somebody else is seen without a click.
    await world.github.review(Number((await world.until('FIX-1', () => true)).pullRequest?.id), 'lead-gh', 'APPROVE', {
      commit: (await world.until('FIX-1', () => true)).commit ?? '',
    });
    await world.until('FIX-1', ({ status }) => isFinal(status));
    await page.locator('#status').getByText('Delivered').waitFor();
    expect(asked.filter((url) => url.endsWith('/follow')).length).toBeGreaterThan(0);
    expect(faults).toEqual([]);
  });

  test('R24 a run is cancelled in a phase, tried again, and new ones are held back', async () => {
    const cancelled = Promise.withResolvers<void>();
    await deploy({ 'subject-of-second': {} }, async ({ spec }) => {
      if (spec.phase === 'build') await cancelled.promise;
      return undefined;
    });
    await world.github.push({ '.agent-tasks/FIX-1.yaml': pushedSpec(world.github) }, { by: 'dev-gh' });
    const { runId } = await world.until('FIX-1', ({ state }) => state === 'Build');
    const { page, faults } = await open();
    await page.goto('/budget');
    await signIn(page, 'subject-of-second');
    await page.getByRole('heading', { name: 'Budgets' }).waitFor();
    await page.goto(`/runs/${runId}/activity`);
    await page.goto(`/runs/${runId}`);
    await page.getByRole('link', { name: 'Cancel…' }).click();
    await page.getByLabel('Reason').fill('not now');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    cancelled.resolve();
    const ended = await world.until('FIX-1', ({ status }) => isFinal(status));
    expect([ended.status, ended.error?.message]).toEqual(['cancelled', expect.stringContaining('not now')]);

    await page.goto('/settings');
    await page.getByLabel('Reason').fill('maintenance');
    await page.getByRole('button', { name: 'Pause new runs' }).click();
    await page.getByText('New runs are not admitted').waitFor();
    await page.goto(`/runs/${runId}`);
    await page.locator('summary', { hasText: 'Start another attempt' }).click();
    await page.getByRole('button', { name: /Start another attempt/ }).click();
    await page.waitForURL((url) => url.pathname.startsWith('/runs/r-') && !url.pathname.endsWith(runId));
    const second = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    await expect.poll(async () => (await world.runs.get(second))?.status, { timeout: 60_000 }).toBe('queued');
    await page.goto('/settings');
    await page.getByRole('button', { name: 'Admit runs again' }).click();
    await page.getByRole('button', { name: 'Pause new runs' }).waitFor();
    const waiting = async () => (await world.runs.get(second))?.status;
    await expect.poll(waiting, { timeout: 60_000 }).toBe('waiting');
    expect(await world.runs.get(second)).toMatchObject({ requester: 'dev', retriers: ['second'] });
    expect(faults).toEqual([]);
  });

  test.each([
    ['an address that the issuer did not verify', { email: 'lead@example.com', email_verified: false }],
    ['an address of nobody', { email: 'somebody@example.com', email_verified: true }],
  ])('%s: sees that the policy does not name them, and nothing else', async (_, claims) => {
    await deploy({ stranger: claims });
    const { page } = await open();
    await page.goto('/runs');
    await signIn(page, 'stranger');
    await page.getByRole('heading', { name: 'Not in the policy' }).waitFor();
    await shot(page, `stranger-${claims.email_verified}`);
    expect(await page.getByRole('link', { name: 'Runs' }).count()).toBe(0);
    for (const path of ['/runs', '/budget', '/nowhere', '/runs/x/audit.json']) {
      const answer = await page.goto(path);
      expect([path, answer?.status(), await page.locator('h1').textContent()]).toEqual([
        path,
        403,
        'Not in the policy',
      ]);
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Signed out' }).waitFor();
  });
});

test('the role of the pages allows nothing but what these needed, and what is explained', () => {
  const granted = grantsOf('pages').flatMap(({ actions, conditions }) =>
    JSON.stringify(conditions).includes('kms:ViaService') ? [] : actions,
  );
  const idle = [...new Set(granted)].filter((action) => !used.has(action)).sort();
  expect(idle).toEqual([
    // Whether a phase that is ended still has tasks is asked by who launches it again; both are granted to who stops.
    'ecs:DescribeTasks',
    // Logs and traces Lambda writes in the function's name; without ListBucket S3 answers 403, not 404.
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    's3:ListBucket',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ]);
});
