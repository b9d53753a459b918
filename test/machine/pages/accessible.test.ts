import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BusySite, createBusySite } from './busy-site.ts';
import { startBrowser } from './site.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for pictures of the pages; only for whoever wants to look at them. */
const shots = process.env.DRYDOCK_SHOTS;

let browser: Browser;
let site: BusySite;
let url: string;

beforeAll(async () => {
  browser = await startBrowser();
  site = await createBusySite();
  url = await site.as('lead');
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

const pages = (): Record<string, string> => {
  const run = (task: string): string => `/runs/${site.runs[task]}`;
  const gate = (task: string, kind: string): string => `/gates/${site.runs[task]}.${kind}.1`;
  return {
    needs: '/?all=1',
    runs: '/runs',
    none: '/runs?q=nothing',
    run: run('SHOP-101'),
    'run-waits': run('SHOP-102'),
    plan: `${run('SHOP-103')}/plan`,
    change: `${run('SHOP-103')}/change`,
    split: `${run('SHOP-101')}/change?view=split`,
    evidence: `${run('SHOP-112')}/evidence`,
    activity: `${run('SHOP-103')}/activity`,
    cost: `${run('SHOP-103')}/cost`,
    audit: `${run('SHOP-101')}/audit`,
    'gate-plan': gate('SHOP-102', 'plan'),
    'gate-review': gate('SHOP-103', 'review'),
    'gate-question': `/gates/${site.gates['SHOP-104']}`,
    'gate-stuck': `/gates/${site.gates['SHOP-112']}`,
    'gate-decided': gate('SHOP-101', 'plan'),
    budget: '/budget',
    repositories: '/repositories',
    memory: '/repositories/memory?repo=acme/calc',
    'audit-all': '/audit',
    settings: '/settings',
    outbox: '/outbox',
    missing: '/nowhere',
  };
};

describe.each([
  ['light', 1280],
  ['light', 390],
  ['dark', 1280],
  ['dark', 390],
] as const)('every page, %s, at %i px', (colorScheme, width) => {
  test('has no violation of axe, nothing that scrolls sideways, and no fault', async () => {
    // The pages allow no script but their own, and axe is a script.
    const context = await browser.newContext({
      baseURL: url,
      colorScheme,
      viewport: { width, height: 900 },
      bypassCSP: true,
    });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    for (const [name, path] of Object.entries(pages())) {
      const answer = await page.goto(path);
      expect([path, answer?.status()]).toEqual([path, name === 'missing' ? 404 : 200]);
      if (shots !== undefined)
        await page.screenshot({ path: `${shots}/${name}.${width === 390 ? 'phone' : 'desk'}.${colorScheme}.png` });
      await page.evaluate(axe);
      const { violations } = (await page.evaluate('axe.run()')) as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      };
      expect(
        violations.map(({ id, nodes }) => [
          id,
          nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
        ]),
        path,
      ).toEqual([]);
      const beyond = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect(beyond, path).toBeLessThanOrEqual(0);
      const tight = `[...document.querySelectorAll('.card')].filter((e) => parseFloat(getComputedStyle(e).paddingLeft) < 8).map((e) => e.id)`;
      expect([path, await page.evaluate(tight)]).toEqual([path, []]);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});

test.each([
  'SHOP-104',
  'SHOP-112',
])('D8 the change is on the page of a question too, before anything is published: %s', async (task) => {
  const page = await browser.newPage({ baseURL: url });
  await page.goto(`/gates/${site.gates[task]}`);
  expect((await site.serverProcess.service.run(site.runs[task] ?? '')).commit).toBeNull();
  expect(await page.locator('.file td.c.a').allTextContents()).toContain('+export const add = (a, b) => a + b;');
  await page.goto(`/runs/${site.runs[task]}/change`);
  expect(await page.locator('.file td.c.x').allTextContents()).toContain('−export const add = (a, b) => a - b;');
  await page.close();
});

describe('a review of 31 files and 2,700 lines', () => {
  const open = async (options: { width?: number; javaScript?: boolean } = {}): Promise<Page> => {
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width: options.width ?? 1280, height: 844 },
      javaScriptEnabled: options.javaScript ?? true,
    });
    const page = await context.newPage();
    await page.goto(pages()['gate-review'] ?? '');
    return page;
  };

  test('is at most 60 KB, compressed as it is sent', async () => {
    const answer = await fetch(`${url}${pages()['gate-review']}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    const html = await answer.text();
    expect(html).toContain('src/tax/rates/sk.js');
    expect(gzipSync(html).length).toBeLessThanOrEqual(60_000);
  });

  test.each([1280, 390])('shows Approve at once at %i px, and few keys away', async (width) => {
    const page = await open({ width });
    const approve = page.getByRole('button', { name: 'Approve', exact: true });
    const box = await approve.boundingBox();
    expect(box && box.y >= 0 && box.y + box.height <= 844 && box.x >= 0 && box.x + box.width <= width).toBe(true);
    let stops = 0;
    for (; stops < 50; stops++) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.textContent')) === 'Approve') break;
    }
    expect(stops + 1).toBeLessThanOrEqual(10);
    await page.context().close();
  });

  test.each([true, false])('is read file by file, with JavaScript: %s', async (javaScript) => {
    const page = await open({ javaScript });
    expect(await page.locator('main').textContent()).toContain('1 not planned');
    expect(await page.locator('.tree').textContent()).toMatch(/rates\.md not planned/);
    const file = page.locator('.file', { hasText: 'src/tax/tax.js' });
    await file.locator('summary').first().click();
    expect(await file.locator('td.c').first().isVisible()).toBe(true);
    expect(await file.locator('.hljs-keyword').count()).toBeGreaterThan(3);
    await page.context().close();
  });
});

test('print shows the whole change, and neither navigation nor forms', async () => {
  const page = await browser.newPage({ baseURL: url });
  await page.goto(pages()['gate-review'] ?? '');
  await page.emulateMedia({ media: 'print' });
  const hidden = await page
    .locator('.file td.c')
    .evaluateAll(
      (all) => all.filter((cell) => (cell as unknown as { offsetHeight: number }).offsetHeight === 0).length,
    );
  expect(hidden).toBe(0);
  for (const name of ['.top', '.bar', 'form']) expect(await page.locator(name).first().isVisible(), name).toBe(false);
  await page.close();
});
