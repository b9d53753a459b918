/** The pages of a deployment: the bundled function behind the routes of the template, a real issuer, a real browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isFinal } from '../../core/run/record.ts';
import { startBrowser } from '../pages/site.ts';
import { notAllowed } from '../support/aws/allowed.ts';
import { type AwsWorld, createAwsWorld } from '../support/aws-world.ts';
import { pushedSpec } from '../support/github-world.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';

const people = {
  lead: { github: 'lead-gh', email: 'lead@example.com' },
  second: { github: 'second-gh', oidc: 'subject-of-second' },
  dev: { github: 'dev-gh' },
};
let browser: Browser;
let issuer: TestIssuer;
let world: AwsWorld;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await world.ecs.idle();
  expect(world.aws.unknown).toEqual([]);
  expect(notAllowed(world.aws.calls)).toEqual([]);
  expect(issuer.faults).toEqual([]);
  await world.close();
  await issuer.close();
});

async function deploy(accounts: Record<string, Record<string, unknown>>): Promise<void> {
  issuer = await startIssuer(accounts);
  world = await createAwsWorld({ issuer: issuer.url, policy: { people } });
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
    await page.getByRole('link', { name: 'See what is asked' }).click();
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
    await page.waitForURL(`${world.origin}/runs`);
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
    await page.getByRole('heading', { name: 'FIX-1' }).waitFor();
    expect(asked.filter((url) => url.startsWith(issuer.url))).toEqual([]);

    // The decision of somebody else is seen without a click.
    await world.github.review(Number((await world.until('FIX-1', () => true)).pullRequest?.id), 'lead-gh', 'APPROVE', {
      commit: (await world.until('FIX-1', () => true)).commit ?? '',
    });
    await world.until('FIX-1', ({ status }) => isFinal(status));
    await page.locator('#status').getByText('delivered').waitFor();
    expect(asked.filter((url) => url.endsWith('/follow')).length).toBeGreaterThan(0);
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
