import { describe, expect, it } from 'vitest';
import { gateResults } from '../../../../../adapters/github/collaboration/ci.ts';
import { type Answer, recorded } from '../webhook/recorded.ts';

const head = 'a'.repeat(40);
const at = '/repos/acme/calc';
const actions = { id: 15368, slug: 'github-actions' };
let ids = 100;
const run = (name: string, more: object = {}) => ({
  id: ids++,
  name,
  status: 'completed',
  conclusion: 'success',
  app: actions,
  details_url: `https://github.com/acme/calc/actions/runs/1/job/${ids}`,
  html_url: 'https://github.com/acme/calc/runs/1',
  output: { title: null, summary: null, annotations_count: 0 },
  ...more,
});

async function ask(runs: object[], more: Record<string, Answer> = {}, details = true) {
  const { access, asked } = recorded({
    '/app': { body: { id: 1, slug: 'drydock-acme' } },
    [`${at}/commits/${head}/check-runs?filter=latest&per_page=100`]: {
      body: { total_count: runs.length, check_runs: runs },
    },
    [`${at}/commits/${head}/statuses?per_page=100`]: { body: [] },
    ...more,
  });
  const results = await gateResults(access, { repository: 'acme/calc' }, 'acme/calc', head, details);
  return { results, asked };
}

describe('gate results', () => {
  it.each([
    ['success', 'passed'],
    ['neutral', 'skipped'],
    ['skipped', 'skipped'],
    ['failure', 'failed'],
    ['cancelled', 'failed'],
    ['timed_out', 'failed'],
    ['action_required', 'failed'],
    ['stale', 'failed'],
    ['startup_failure', 'failed'],
    [null, 'failed'],
  ])('a check that concludes %s has %s', async (conclusion, state) => {
    const { results } = await ask([run('build', { conclusion })], {}, false);
    expect(results).toEqual([expect.objectContaining({ name: 'build', state, app: 'github-actions' })]);
  });

  it.each([
    'queued',
    'in_progress',
    'waiting',
    'pending',
    'requested',
  ])('a check that is %s is pending', async (status) => {
    const { results } = await ask([run('build', { status, conclusion: null })]);
    expect(results).toEqual([expect.objectContaining({ state: 'pending', conclusion: status })]);
  });

  it('takes the newest of two suites, and keeps two apps apart', async () => {
    const old = run('build', { conclusion: 'failure' });
    const newer = run('build');
    const other = run('build', { conclusion: 'failure', app: { id: 9, slug: 'other-ci' } });
    const { results } = await ask([old, other, newer], {}, false);
    expect(results.map(({ state }) => state).sort()).toEqual(['failed', 'passed']);
  });

  it('leaves out what our App reported, whatever its name', async () => {
    const { results } = await ask([
      run('anything', { app: { id: 1, slug: 'drydock-acme' } }),
      run('Drydock specs'),
      run('ok'),
    ]);
    expect(results.map(({ name }) => name)).toEqual(['ok']);
  });

  it('reads every page, and not without end', async () => {
    const list = `${at}/commits/${head}/check-runs?filter=latest&per_page=100`;
    const page = (n: number): Answer => ({
      body: { total_count: 9_999, check_runs: [run(`check-${n}`)] },
      headers: { link: `<https://api.github.com${list}&page=${n + 1}>; rel="next"` },
    });
    const pages = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [n === 0 ? list : `${list}&page=${n}`, page(n)]),
    );
    const { results } = await ask([], pages, false);
    expect(results).toHaveLength(20);
  });

  it('come with title, summary, annotations and the end of the log of the job', async () => {
    const failed = run('test', {
      conclusion: 'failure',
      details_url: 'https://github.com/acme/calc/actions/runs/1/job/4711',
      output: { title: 'Tests', summary: '1 of 2 failed', annotations_count: 1 },
    });
    const log = [
      '\uFEFF2026-11-21T06:00:00.1234567Z ##[group]Run npm test',
      '2026-11-21T06:00:01.0000000Z not ok 2 - adds',
    ];
    const { results } = await ask([failed], {
      [`${at}/check-runs/${failed.id}/annotations?per_page=50`]: {
        body: [{ path: 'a.js', start_line: 3, end_line: 3, annotation_level: 'failure', message: 'expected 4' }],
      },
      [`${at}/actions/jobs/4711/logs`]: { body: `${log.join('\r\n')}\r\n`, type: 'text/plain; charset=utf-8' },
    });
    expect(results[0]?.detail).toBe(
      [
        'Tests',
        '1 of 2 failed',
        'a.js:3: failure: expected 4',
        'The end of the job log:',
        '##[group]Run npm test',
        'not ok 2 - adds',
      ].join('\n'),
    );
  });

  it('show the last hundred lines of a log, and no more than twenty thousand bytes', async () => {
    const failed = run('test', {
      conclusion: 'failure',
      details_url: 'https://github.com/acme/calc/actions/runs/1/job/5',
    });
    const detail = async (lines: string[]) => {
      const logs = { [`${at}/actions/jobs/5/logs`]: { body: lines.join('\n'), type: 'text/plain' } };
      return (await ask([failed], logs)).results[0]?.detail.split('\n').slice(1) ?? [];
    };
    const many = Array.from({ length: 3_000 }, (_, i) => `line ${i}`);
    expect(await detail(many)).toEqual(many.slice(-100));
    const wide = Array.from({ length: 90 }, (_, i) => `${i} ${'ü'.repeat(500)}`);
    const shown = await detail(wide);
    expect(shown.length).toBeGreaterThan(15);
    expect(shown).toEqual(wide.slice(-shown.length));
    expect(Buffer.byteLength(shown.join('\n'))).toBeLessThanOrEqual(20_000);
  });

  it.each([
    ['the permission is missing', { status: 403, body: { message: 'Resource not accessible by integration' } }],
    ['the log expired', { status: 410, body: { message: 'Gone' } }],
  ])('do without a log where %s', async (_, answer) => {
    const failed = run('test', {
      conclusion: 'failure',
      details_url: 'https://github.com/acme/calc/actions/runs/1/job/6',
    });
    const { results } = await ask([failed], { [`${at}/actions/jobs/6/logs`]: answer });
    expect(results).toEqual([expect.objectContaining({ name: 'test', state: 'failed', detail: '' })]);
  });

  it('ask for no reason where nobody wants it, nor for the log of another CI', async () => {
    const failed = run('test', { conclusion: 'failure', output: { title: 'x', summary: null, annotations_count: 3 } });
    expect((await ask([failed], {}, false)).asked.filter((path) => /annotations|logs/.test(path))).toEqual([]);
    const other = run('test', { conclusion: 'failure', app: { id: 9, slug: 'other-ci' } });
    expect((await ask([other])).asked.filter((path) => path.includes('logs'))).toEqual([]);
  });
});
