import { followRun, submit } from '../support/world.ts';
import { createSite, startBrowser } from './site.ts';
const browser = await startBrowser();
const site = await createSite(({ spec }) =>
  spec.phase === 'build' && !spec.prompt.includes('plus')
    ? { result: { outcome: 'question', question: { question: 'Which sign should add use when both operands are negative?', context: 'math.js says minus, the README says plus.\nBoth are tested nowhere.', options: ['plus', 'minus, and the README is corrected'], suggested: 'plus' } }, files: {} }
    : spec.phase === 'verify' ? { result: { commands: ['test', ...spec.commands.map((c) => c.name)].map((name) => ({ name, command: 'npm test -- --reporter=spec', exitCode: 0, timedOut: false, ms: 4321, output: 'TAP version 13\nok 1 - zero\nok 2 - adds\n# pass 2\n' })) } }
    : spec.phase === 'build' ? { files: { 'src/math.js': '/** Adds two numbers. */\nexport const add = (a, b) => a + b;\n' } } : undefined);
site.world.policy({ budgets: { web: { sprint_starts: '2026-11-16', sprint_days: 14, limit_usd: 200, alerts_percent: [50] } }, repositories: { 'acme/calc': { host: 'git', url: './repo', team: 'web' } } });
const url = await site.as('lead');
const one = await submit(site.world, site.owner);
await followRun(site.owner, one.runId, false);
const plan = `${one.runId}.plan.1`;
const shots: [string, string][] = [];
const shoot = async (name: string, path: string) => {
  for (const [mode, width, scheme] of [['light', 1100, 'light'], ['dark', 1100, 'dark'], ['phone', 360, 'light']] as const) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
    await page.goto(url + path);
    await page.screenshot({ path: `/tmp/shots/${name}-${mode}.png`, fullPage: true });
    await page.close();
  }
};
await shoot('plan', `/gates/${plan}`);
await site.owner.service.vote({ gate: one.runId, who: 'lead', choice: 'approve', text: '' });
const asked = await followRun(site.owner, one.runId, false);
await shoot('question', `/gates/${asked.gate}`);
await site.owner.service.vote({ gate: one.runId, who: 'lead', choice: 'answer', text: 'plus' });
const review = await followRun(site.owner, one.runId, false);
const two = await submit(site.world, site.owner, { spec: { task_id: 'FIX-2-A-RATHER-LONG-NAME' } });
await followRun(site.owner, two.runId, false);
await site.owner.service.vote({ gate: two.runId, who: 'lead', choice: 'reject', text: 'Too vague: say which sign.' });
await followRun(site.owner, two.runId, false);
await submit(site.world, site.owner, { attempt: 2 }).then((r) => followRun(site.owner, r.runId, false));
await shoot('runs', '/runs');
await shoot('review', `/gates/${review.gate}`);
await site.owner.service.vote({ gate: one.runId, who: 'lead', choice: 'approve', text: '' });
await followRun(site.owner, one.runId, false);
await shoot('run', `/runs/${one.runId}`);
await shoot('rejected', `/runs/${two.runId}`);
await shoot('outbox', '/outbox');
await shoot('audit', `/runs/${one.runId}/audit`);
await browser.close();
await site.close();
