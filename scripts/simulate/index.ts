// `npm run simulate -- --tasks-per-day N [--concurrent M] [--hours H]`: drives the steps, stores, admission and reconciler on
// a simulated clock against the limits of limits.json, and exits with 1 if a task was lost or failed.
import { readPrices } from '../cost/prices.ts';
import { parsedArgs, usage } from '../usage.ts';
import { reportOf, reportText } from './report.ts';
import { simulate } from './simulate.ts';

const defaults = {
  'tasks-per-day': '1000',
  concurrent: '200',
  hours: '24',
  seed: '1',
  installations: '1',
  lost: '0.01',
  spot: '0.02',
  'gate-hours': '3',
  'phase-minutes': '10',
  damage: '0',
};
const help = `npm run simulate -- [--tasks-per-day N] [--concurrent M] [--hours H] [--no-reconciler] [--json] …
Numbers and their defaults:
${Object.entries(defaults)
  .map(([name, value]) => `  --${name} ${value}`)
  .join('\n')}
docs/scale.md says what is simulated. A task takes about a third of a second of processor time.`;
const { values } = parsedArgs(help, {
  options: {
    ...(Object.fromEntries(
      Object.entries(defaults).map(([name, value]) => [name, { type: 'string' as const, default: value }]),
    ) as Record<keyof typeof defaults, { type: 'string'; default: string }>),
    'no-reconciler': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const number = (name: keyof typeof defaults): number => {
  const value = Number(values[name]);
  if (!(value >= 0) || (name === 'concurrent' && value < 1)) {
    usage(`--${name} needs a number of at least ${name === 'concurrent' ? 1 : 0}.`, help);
  }
  return value;
};

const simulated = await simulate({
  tasksPerDay: number('tasks-per-day'),
  concurrent: number('concurrent'),
  hours: number('hours'),
  seed: number('seed'),
  installations: Math.max(1, number('installations')),
  lost: number('lost'),
  spot: number('spot'),
  gateHours: number('gate-hours'),
  phaseMinutes: number('phase-minutes'),
  damaged: number('damage'),
  reconciles: !values['no-reconciler'],
});
const report = reportOf(simulated, readPrices());
process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : reportText(report)}\n`);
await simulated.world.close();
// People reject and CI refuses; nothing that is simulated is a reason to fail.
const failed = Object.keys(report.outcomes).some((outcome) => outcome.startsWith('failed'));
process.exitCode = report.lost.length > 0 || failed ? 1 : 0;
