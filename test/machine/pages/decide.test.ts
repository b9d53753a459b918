import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Script } from '../../support/scripted-runner.ts';
import { followRun, submit } from '../../support/world.ts';
import { createSite, type Site, startBrowser } from './site.ts';

let browser: Browser;
let site: Site;
const faults: string[] = [];

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await site.close();
});

/** A page of one person, that remembers every fault of script, policy and network. */
async function open(who: string, options: { javaScript?: boolean; width?: number } = {}): Promise<Page> {
  faults.length = 0;
  const context = await browser.newContext({
    baseURL: await site.as(who),
    javaScriptEnabled: options.javaScript ?? true,
    viewport: { width: options.width ?? 1100, height: 800 },
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return page;
}

const waiting = async (script?: Script) => {
  site = await createSite(script);
  const { runId } = await submit(site.world, site.serverProcess);
  await followRun(site.serverProcess, runId, false);
  return runId;
};
const asking: Script = ({ spec }) =>
  spec.phase === 'build' && !spec.prompt.includes('plus')
    ? {
        result: {
          outcome: 'question',
          question: { question: 'Which sign?', context: 'add', options: ['plus', 'minus'] },
        },
        files: {},
      }
    : undefined;

describe.each([true, false])('R40 R24 with JavaScript: %s', (javaScript) => {
  test('from the list to the plan, its approval with a constraint, and the review of the result', async () => {
    const runId = await waiting();
    const page = await open('lead', { javaScript });
    await page.goto('/');
    await page.getByRole('link', { name: /^Read the plan\s?: FIX-1$/ }).click();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Plan: Make add in src/math.js add.');
    await page.getByLabel('Approve with one more constraint').fill('Keep it short');
    await page.getByRole('button', { name: 'Approve with this constraint' }).click();
    expect(await page.getByRole('status').textContent()).toContain('Decided: approved by lead');
    expect(await page.getByRole('button').count()).toBe(0);

    const reviewed = await followRun(site.serverProcess, runId, false);
    expect(reviewed.state).toBe('ReviewGate');
    await page.goto(`/runs/${runId}`);
    await page.getByRole('link', { name: 'Open the decision' }).click();
    expect(await page.locator('.d td.c.a').allTextContents()).toEqual(['+export const add = (a, b) => a + b;']);
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    expect(await followRun(site.serverProcess, runId, false)).toMatchObject({ status: 'delivered' });
    expect((await site.serverProcess.service.gate(`${runId}.plan.1`)).decision?.constraint).toBe('Keep it short');
    await page.goto(`/runs/${runId}`);
    expect(await page.locator('#status').textContent()).toContain('Delivered');
    expect(faults).toEqual([]);
  });

  test('another plan is asked for, and the new gate is another', async () => {
    const runId = await waiting();
    const page = await open('second', { javaScript });
    await page.goto(`/gates/${runId}.plan.1`);
    await page.getByLabel('What the next plan should do differently').fill('In two steps');
    await page.getByRole('button', { name: 'Ask for another plan' }).click();
    expect(await page.getByRole('status').textContent()).toMatch(/Decided: revise by second.*In two steps/s);
    expect((await followRun(site.serverProcess, runId, false)).gate).toBe(`${runId}.plan.2`);
  });

  test('R22 a question is answered by choosing, as its requester may', async () => {
    const runId = await waiting(asking);
    await site.serverProcess.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
    const asked = await followRun(site.serverProcess, runId, false);
    const page = await open('dev@example.com', { javaScript });
    await page.goto(`/gates/${asked.gate}`);
    expect(await page.locator('main').textContent()).toContain('Which sign?');
    await page.getByLabel('plus').check();
    await page.getByRole('button', { name: 'Answer' }).click();
    expect(await page.getByRole('status').textContent()).toContain('plus');
    expect(await followRun(site.serverProcess, runId, false)).toMatchObject({ state: 'ReviewGate' });
  });

  test('D10 a vote that would not count is not offered, and the page says whose would', async () => {
    const runId = await waiting();
    const page = await open('dev@example.com', { javaScript });
    await page.goto(`/gates/${runId}.plan.1`);
    expect(await page.locator('main').textContent()).toContain('another person has to approve it: lead or second');
    expect(await page.getByRole('button').count()).toBe(0);
    expect((await site.serverProcess.service.gate(`${runId}.plan.1`)).status).toBe('pending');
  });

  test('a run is cancelled with a reason, and tried again', async () => {
    const runId = await waiting();
    const page = await open('lead', { javaScript });
    await page.goto(`/runs/${runId}`);
    await page.getByRole('link', { name: 'Cancel…' }).click();
    await page.getByLabel('Reason').fill('not now');
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    const cancelled = await followRun(site.serverProcess, runId, false);
    expect(cancelled).toMatchObject({ status: 'cancelled' });
    expect(cancelled.error?.message).toContain('not now');
    await page.goto(`/runs/${runId}`);
    await page.locator('summary', { hasText: 'Start another attempt' }).click();
    await page.getByRole('button', { name: /Start another attempt/ }).click();
    await page.waitForURL((url) => !url.pathname.endsWith(runId));
    const again = await site.serverProcess.service.run(new URL(page.url()).pathname.split('/').at(-1) ?? '');
    expect(again.attempt).toBe(2);
    await followRun(site.serverProcess, again.runId, false);
  });
});

describe.each([true, false])('R20 an edited plan, with JavaScript: %s', (javaScript) => {
  test('is approved as its fields say', async () => {
    const runId = await waiting();
    const page = await open('lead', { javaScript });
    await page.goto(`/gates/${runId}.plan.1`);
    await page.getByText('Approve an edited plan instead').click();
    await page.getByLabel('Summary').fill('Edited in fields');
    await page.locator('summary', { hasText: 'Phase 1' }).click();
    await page.getByLabel('Files, one per line').first().fill('src/math.js\ntest/**');
    await page.getByLabel('A person checks the work after this phase').first().check();
    await page.getByRole('button', { name: 'Approve the edited plan' }).click();
    await followRun(site.serverProcess, runId, false);
    const { plan } = await site.serverProcess.service.evidence(runId);
    expect(plan).toMatchObject({ summary: 'Edited in fields', origin: 'person' });
    expect(plan?.phases[0]).toMatchObject({ files: ['src/math.js', 'test/**'], checkpoint: true });
  });

  test('is approved as its text says, and comes back with the fault where it has one', async () => {
    const runId = await waiting();
    const page = await open('lead', { javaScript });
    await page.goto(`/gates/${runId}.plan.1`);
    await page.getByText('Approve an edited plan instead').click();
    await page.getByText('The whole plan as YAML').click();
    const text = page.getByLabel('The plan as YAML');
    await text.fill((await text.inputValue()).replace('name:', 'nme:'));
    await page.getByRole('button', { name: 'Approve the edited plan' }).click();
    expect(await page.getByRole('alert').textContent()).toContain('PlanInvalid');
    expect(await text.inputValue()).toContain('nme:');
    await text.fill(
      (await text.inputValue()).replace('nme:', 'name:').replace(/summary: .*/, 'summary: Edited by hand'),
    );
    await page.getByRole('button', { name: 'Approve the edited plan' }).click();
    await followRun(site.serverProcess, runId, false);
    expect((await site.serverProcess.service.evidence(runId)).plan).toMatchObject({
      summary: 'Edited by hand',
      origin: 'person',
    });
  });

  test('comments on lines become the rework that is asked for, each with its file and line', async () => {
    const runId = await waiting();
    await site.serverProcess.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
    const { gate } = await followRun(site.serverProcess, runId, false);
    const page = await open('second', { javaScript });
    await page.goto(`/gates/${gate}`);
    await page.getByRole('button', { name: /^Mark as read\s?: src\/math.js$/ }).click();
    expect(await page.locator('.tree').textContent()).toContain('1 of 1 read');
    await page.locator('.file > summary').first().click();
    await page.locator('summary', { hasText: 'Comment on a line' }).click();
    const notes = page.locator('.note');
    await notes.nth(0).getByLabel('Line').fill('1');
    await notes.nth(0).getByLabel('Comment').fill('Say why');
    await page.getByLabel('What to change').fill('Add a comment.');
    await page.getByRole('button', { name: 'Ask for rework' }).click();
    expect(await page.getByRole('status').textContent()).toContain('Add a comment.\n\nsrc/math.js:1: Say why');
    expect((await site.serverProcess.service.gate(String(gate))).decision).toMatchObject({
      outcome: 'revise',
      text: 'Add a comment.\n\nsrc/math.js:1: Say why',
    });
    await followRun(site.serverProcess, runId, false);
  });
});

test('R32 a run is followed live: the page says when it waits, without being asked', async () => {
  const phase = Promise.withResolvers<void>();
  site = await createSite(async ({ spec }) => {
    if (spec.phase === 'build') await phase.promise;
    return undefined;
  });
  const { runId } = await submit(site.world, site.serverProcess);
  await followRun(site.serverProcess, runId, false);
  await site.serverProcess.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
  const page = await open('lead');
  await page.goto(`/runs/${runId}`);
  phase.resolve();
  await page.getByText('Waiting for a person.').waitFor();
  await page.getByRole('link', { name: 'Open the decision' }).waitFor();
  expect(await page.locator('#timeline').textContent()).toContain('Review ');
  const rows = await page.locator('#timeline li').evaluateAll((all) => all.map((li) => li.getAttribute('data-key')));
  expect(new Set(rows).size).toBe(rows.length);
  expect(faults).toEqual([]);
});

test('R24 a page of another origin that posts a form decides nothing', async () => {
  const runId = await waiting();
  const target = await site.as('lead');
  const page = await open('lead');
  await page.goto(`${target}/gates/${runId}.plan.1`);
  const fields = await page
    .locator('form:has([name=choice])')
    .first()
    .locator('input[type=hidden]')
    .evaluateAll((all) => all.map((input) => [input.getAttribute('name'), input.getAttribute('value')]));
  // The same host under another port is the nearest foreign site there is: even its cookies are ours.
  await page.route('**/elsewhere', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="${target}/gates/${runId}.plan.1">${fields.map(([name, value]) => `<input name="${name}" value="${value}">`).join('')}<button>go</button></form>`,
    }),
  );
  await page.goto('http://127.0.0.1:9/elsewhere');
  await page.getByRole('button', { name: 'go' }).click();
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').textContent()).toContain('RequestRefused');
  expect((await site.serverProcess.service.gate(`${runId}.plan.1`)).status).toBe('pending');
});

test('R40 nothing scrolls sideways on a phone', async () => {
  const runId = await waiting(asking);
  const page = await open('lead', { width: 360 });
  const fits = async (path: string) => {
    await page.goto(path);
    const [content, window] = (await page.evaluate('[document.documentElement.scrollWidth, window.innerWidth]')) as [
      number,
      number,
    ];
    expect(content, path).toBeLessThanOrEqual(window);
  };
  for (const path of [
    '/',
    '/runs',
    '/repositories',
    '/audit',
    '/settings',
    `/runs/${runId}`,
    `/runs/${runId}/plan`,
    `/runs/${runId}/cost`,
    `/gates/${runId}.plan.1`,
    '/outbox',
    '/budget',
    `/runs/${runId}/audit`,
    '/nowhere',
  ])
    await fits(path);
  await site.serverProcess.service.vote({ gate: runId, who: 'lead', choice: 'approve', text: '' });
  const asked = await followRun(site.serverProcess, runId, false);
  await fits(`/gates/${asked.gate}`);
  await site.serverProcess.service.vote({ gate: runId, who: 'lead', choice: 'answer', text: 'plus' });
  const review = await followRun(site.serverProcess, runId, false);
  for (const path of [
    `/gates/${review.gate}`,
    `/runs/${runId}/change`,
    `/runs/${runId}/evidence`,
    `/runs/${runId}/activity`,
  ])
    await fits(path);
  // Nor does a line of the change, behind whose blanks there could be code.
  await page.goto(`/gates/${review.gate}`);
  const beyond = await page.evaluate(
    `[...document.querySelectorAll('table.d')].map((table) => (table.querySelector('td.c').append(' '.repeat(500) + 'evil()'), table.parentElement.scrollWidth - table.parentElement.clientWidth))`,
  );
  expect(beyond).toEqual((beyond as number[]).map(() => 0));
  expect(beyond).not.toEqual([]);
});

test('R24 the outbox leads to the gate', async () => {
  site = await createSite();
  const page = await open('lead');
  const { runId } = await submit(site.world, site.serverProcess);
  await followRun(site.serverProcess, runId, false);
  await page.goto('/outbox');
  await page.getByRole('link', { name: `.plan.1` }).click();
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Plan: Make add in src/math.js add.');
});
