import { stringify } from 'yaml';
import type { PhaseEvent } from '../../../core/run/phase.ts';
import { callOf, type Script } from '../../support/scripted-runner.ts';
import { followRun, submit } from '../../support/world.ts';
import { createSite, type Site } from './site.ts';

const countries = 'at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk'.split(' ');

/** A table of rates as a program would write it: 95 lines. */
const rates = (country: string): string =>
  `// Rates of ${country.toUpperCase()}, from the official table. @generated\nexport const ${country} = [\n${Array.from(
    { length: 92 },
    (_, i) => `  { from: '${1930 + i}-01-01', standard: ${15 + ((i * 7) % 12)}, food: ${5 + ((i * 3) % 9)} },`,
  ).join('\n')}\n];\n`;

/** A change of 31 files and about 2,700 lines. */
const largeFiles: Record<string, string> = {
  ...Object.fromEntries(countries.map((country) => [`src/tax/rates/${country}.js`, rates(country)])),
  'src/tax/rates/index.js': countries
    .map((c) => `export { ${c} } from './${c}.js';`)
    .join('\n')
    .concat('\n'),
  'src/tax/tax.js': [
    "import * as all from './rates/index.js';",
    '',
    '/** Rate of a category in a country at a date; the standard one for what is not listed. */',
    'export function taxOf(category, country, date) {',
    '  const rows = all[country] ?? [];',
    '  const row = rows.findLast(({ from }) => from <= date);',
    '  return row?.[category] ?? row?.standard ?? 0;',
    '}',
    '',
  ].join('\n'),
  'src/math.js': 'export const add = (a, b) => a + b;\n',
  'docs/rates.md': '# Rates\n\nThe rates of all member states are data.\n',
};

const bigPlan = stringify({
  summary: 'Write the rates as data, one file for each member state, and look them up by date.',
  research: [{ claim: 'The rates change on the first of January', source: 'the official table' }],
  phases: [
    {
      name: 'Data',
      files: ['src/tax/rates/**'],
      steps: ['Write one file for each state'],
      tests: ['npm test'],
      estimate: '20 minutes',
    },
    {
      name: 'Lookup',
      files: ['src/tax/tax.js', 'src/math.js'],
      steps: ['Let taxOf take a date'],
      tests: ['npm test'],
      checkpoint: false,
    },
  ],
  impact: { components: ['invoices'], breaking_changes: ['taxOf takes a third argument'] },
  risks: ['A state may have two rates in one year'],
  rollback: 'Revert the commit.',
});

const said: PhaseEvent[] = [
  { type: 'message', text: 'I read how rates are looked up, and write the data first.' },
  { type: 'thought', text: 'One file for each state keeps the diffs of later changes small.' },
  {
    type: 'plan',
    entries: [
      { content: 'Read the lookup', status: 'completed' },
      { content: 'Write the data', status: 'in_progress' },
    ],
  },
  {
    type: 'tool',
    id: '1',
    kind: 'run',
    title: 'npm test',
    status: 'completed',
    output: '# tests 5\n# pass 5',
    exitCode: 0,
    ms: 1_200,
  },
  {
    type: 'tool',
    id: '2',
    kind: 'edit',
    title: 'edit src/tax/tax.js',
    status: 'completed',
    ms: 100,
    edits: [{ path: 'src/tax/tax.js', before: 'a', after: 'b' }],
  },
  {
    type: 'tool',
    id: '3',
    kind: 'run',
    title: 'npm run lint',
    status: 'failed',
    output: 'not found',
    exitCode: 127,
    ms: 300,
  },
];

const tests = (total: number, failed: number) => ({
  total,
  failed,
  errors: 0,
  failing: failed > 0 ? ['exports of the year 2019 parse'] : [],
});

const script: Script = ({ spec }) => {
  const { taskId, phase, phaseKey } = spec;
  const calls = [callOf(phaseKey, 120_000)];
  if (phase === 'plan') return { calls };
  if (phase === 'verify') {
    const failed = taskId === 'SHOP-112' ? 1 : 0;
    return {
      result: {
        commands: ['test', ...spec.commands.map(({ name }) => name)].map((name) => ({
          ...{ name, command: name === 'test' ? 'npm test' : 'node check.js', exitCode: name === 'test' ? failed : 0 },
          ...{ timedOut: false, ms: 900, output: failed ? 'not ok 3 - exports of the year 2019 parse' : 'ok' },
          ...(name === 'test' ? { tests: tests(32, failed) } : {}),
        })),
      },
    };
  }
  if (taskId === 'SHOP-104' && !spec.prompt.includes('Anywhere'))
    return {
      calls,
      files: { 'src/math.js': 'export const add = (a, b) => a + b;\n' },
      result: {
        outcome: 'question',
        question: {
          question: 'In which time zone does a voucher end?',
          context: 'A voucher ends with its last day.\nThe code has no time zone.',
          options: ['UTC', 'Anywhere on earth (UTC−12)'],
          suggested: 'Anywhere on earth (UTC−12)',
        },
      },
    };
  return { calls, ...(taskId === 'SHOP-103' ? { files: largeFiles } : {}) };
};

export interface BusySite extends Site {
  /** Run id by task. */
  runs: Record<string, string>;
}

/** A machine with runs in the states that people meet. */
export async function createBusySite(): Promise<BusySite> {
  const policy = {
    review: { approvers: ['lead', 'second'], critical_paths: { 'src/auth/**': 2 } },
    budgets: {
      checkout: {
        sprint_starts: new Date(Date.now() - 9 * 86_400_000).toISOString().slice(0, 10),
        sprint_days: 14,
        limit_usd: 60,
      },
    },
    repositories: { 'acme/calc': { host: 'git', url: './repo', team: 'checkout' } },
    limits: { concurrent_runs: 20, rework_rounds: 1, usd_per_run: 2 },
  };
  const site = await createSite(async (job) => {
    const scripted = await script(job);
    const log = said.map((event, i) =>
      JSON.stringify({ ...event, at: new Date(Date.UTC(2026, 10, 28, 7, 2, 41 + i)).toISOString() }),
    );
    return { ...scripted, ...(job.spec.phase === 'build' ? { log: `${log.join('\n')}\n` } : {}) };
  }, policy);
  const { service } = site.serverProcess;
  const runs: Record<string, string> = {};
  const start = async (task_id: string, title: string, more: Record<string, unknown> = {}): Promise<string> => {
    const { runId } = await submit(site.world, site.serverProcess, {
      spec: {
        task_id,
        title,
        instructions: `${title}. Keep the behaviour of everything else, and add tests.`,
        constraints: [],
        ...more,
      },
    });
    runs[task_id] = runId;
    await followRun(site.serverProcess, runId, false);
    return runId;
  };
  const vote = async (
    runId: string,
    who: string,
    choice: 'approve' | 'reject',
    text = '',
    more: { edit?: string } = {},
  ) => {
    await service.vote({ gate: runId, who, choice, text, ...more });
    await followRun(site.serverProcess, runId, false);
  };
  const delivered = await start('SHOP-101', 'Round invoice totals half to even', {
    constraints: ['Change only src/math.js', 'Keep the signature of add'],
  });
  await vote(delivered, 'lead', 'approve');
  await vote(delivered, 'second', 'approve');
  await vote(await start('SHOP-107', 'Log totals'), 'lead', 'reject', 'Not now');
  await start('SHOP-102', 'Migrate user authentication to OAuth 2.1 with PKCE', {
    constraints: ['Change only src/**', 'Keep the public API'],
  });
  const large = await start('SHOP-103', 'VAT of all member states as data');
  await vote(large, 'lead', 'approve', '', { edit: bigPlan });
  await vote(await start('SHOP-104', 'Let vouchers expire'), 'lead', 'approve');
  await vote(await start('SHOP-112', 'New voucher rule'), 'lead', 'approve');
  return { ...site, runs };
}
