import type { Command } from 'commander';
import { DrydockError } from '../../core/errors.ts';
import { formatUsd, microsOf } from '../../core/money/format.ts';
import { isFinal, unfinishedStatuses } from '../../core/run/status.ts';
import type { RunView, Service } from '../../pipeline/service/service.ts';
import { action, type CommonOptions, dataOption, wholeNumber, withSession } from '../command.ts';
import { gitRoot } from '../config/repositories.ts';
import { stackFlags } from '../remote/options.ts';
import { openGateLines } from '../terminal/gate.ts';
import { type Output, plain, print, table } from '../terminal/output.ts';
import { summary } from '../terminal/summary.ts';
import { allUnfinished, openGate, runItems, viewOf } from './look/parts.ts';

const noRuns = 'No runs yet. Start one with: drydock run FILE';
const noneUnfinished = 'No run is unfinished.';

/** The result is for a person at a terminal, and not for a program. */
const isTerminal = (output: Output): boolean => !output.json && output.columns() !== Number.POSITIVE_INFINITY;

export function register(program: Command): void {
  const here = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option(...dataOption);
  const command = (name: string, description: string) => stackFlags(here(name, description));

  action<[], CommonOptions & { limit: number }>(
    command('list', 'list runs, newest first').option(
      '--limit <n>',
      'maximum number of runs',
      wholeNumber('--limit', 1),
      50,
    ),
    async (output, options) => {
      const { runs, items } = await withSession(options, async ({ service }) => {
        const items = isTerminal(output) ? await runItems(service, {}, options.limit) : undefined;
        return { items, runs: items ? [] : await service.list(options.limit) };
      });
      if (items) {
        const { listLines } = await import('../terminal/view/list.ts');
        print(output, {}, () => (items.length === 0 ? [noRuns] : listLines(items, output)));
        return 0;
      }
      print(output, { runs }, () =>
        runs.length === 0 ? [noRuns] : table([['RUN', 'TASK', 'STATUS', 'STATE', 'COST', 'STARTED'], ...runs.map(row)]),
      );
      return 0;
    },
  );

  action<[string | undefined], CommonOptions>(
    command('status [run]', 'show one run, or all unfinished runs'),
    async (output, options, reference) => {
      if (reference !== undefined) {
        const { run, gate, view } = await withSession(options, async (session) => {
          const found = await withGate(session.service, reference, output);
          const open = isTerminal(output) ? await openGate(session, found.run) : undefined;
          return { ...found, view: isTerminal(output) ? await viewOf(session, found.run, open) : undefined };
        });
        if (view) {
          const { statusLines } = await import('../terminal/view/run.ts');
          print(output, run, () => statusLines(view, output));
          return 0;
        }
        print(output, run, () => [
          ...summary(run, output),
          ...(run.gate === null ? [] : [`  gate    ${run.gate}`]),
          ...gate,
        ]);
        return 0;
      }
      const { runs, items } = await withSession(options, async ({ service }) => {
        const items = isTerminal(output) ? await runItems(service, { statuses: unfinishedStatuses }) : undefined;
        return { items, runs: items ? [] : await allUnfinished(service) };
      });
      if (items) {
        const { listLines } = await import('../terminal/view/list.ts');
        print(output, {}, () => (items.length === 0 ? [noneUnfinished] : listLines(items, output)));
        return 0;
      }
      print(output, { runs }, () =>
        runs.length === 0
          ? [noneUnfinished]
          : table([['RUN', 'TASK', 'STATUS', 'STATE', 'COST', 'STARTED'], ...runs.map(row)]),
      );
      return 0;
    },
  );

  action<[string], CommonOptions & { follow?: boolean }>(
    command('events <run>', 'list the events of a run, oldest first').option('--follow', 'continue until the run ends'),
    async (output, options, reference) => {
      await withSession(options, async (session) => {
        const run = await session.service.run(reference);
        const shown = new Set<string>();
        const show = (event: RunView['events'][number]): void => {
          if (shown.has(event.key)) return;
          shown.add(event.key);
          output.out(
            output.json ? JSON.stringify(event) : `${event.at}  ${event.type.padEnd(14)}  ${plain(event.text)}`,
          );
        };
        run.events.forEach(show);
        if (!options.follow || isFinal(run.status) || session.server) return;
        const stop = new AbortController();
        for await (const item of session.watch(run.runId, stop.signal)) {
          if (item.kind === 'event') show(item.event);
          if (item.kind === 'run' && isFinal(item.run.status)) stop.abort();
        }
      });
      return 0;
    },
  );

  action<[string], CommonOptions>(
    command(
      'egress <run>',
      'show outgoing traffic, refused requests, and the policy or spec line that would allow them',
    ),
    async (output, options, reference) => {
      const { refusals, traffic } = await withSession(options, async ({ service }) => ({
        refusals: await service.egress(reference),
        traffic: await service.traffic(reference),
      }));
      const bytes = traffic.reduce((sum, one) => sum + one.bytes, 0);
      print(output, { refusals, traffic }, () => [
        `${traffic.length} targets reached, ${bytes} bytes (--json lists them).`,
        ...(refusals.length === 0 ? ['Nothing was refused.'] : []),
        ...refusals.flatMap((refusal) => [
          `${plain(refusal.target)}  ${plain(refusal.reason)}${refusal.count === undefined ? '' : `  (${refusal.count} times)`}`,
          `  asked by  ${plain(refusal.command) || 'unknown'}`,
          ...(refusal.allow === '' ? [] : [`  allow by  ${plain(refusal.allow)}`]),
          ...(refusal.allowInSpec === undefined ? [] : [`  and, in the spec  ${plain(refusal.allowInSpec)}`]),
        ]),
      ]);
      return 0;
    },
  );

  action<[string], CommonOptions>(
    here('why <file:line>', 'show the spec, plan phase and approver of a line'),
    async (output, options, location) => {
      const at = location.lastIndexOf(':');
      const line = wholeNumber('LINE', 1)(location.slice(at + 1));
      if (at <= 0) throw new DrydockError('UsageError', `why takes FILE:LINE, not ${JSON.stringify(location)}.`);
      const root = gitRoot(process.cwd());
      if (root === undefined)
        throw new DrydockError('UnknownRepository', 'You stand outside of any git repository.', {
          remedy: 'Change to the repository, and run the command again.',
        });
      const view = await withSession(options, (session) => session.service.why(root, location.slice(0, at), line));
      print(output, view, () => why(view, output));
      return 0;
    },
  );
}

/** A run, and for people what its open gate asks. */
async function withGate(
  service: Service,
  reference: string,
  output: Output,
): Promise<{ run: RunView; gate: string[] }> {
  const run = await service.run(reference);
  return { run, gate: output.json ? [] : await openGateLines(service, run, output) };
}

const row = (run: Omit<RunView, 'events'>): string[] => [
  run.runId.slice(0, 10),
  run.taskId,
  run.status,
  run.state,
  formatUsd(microsOf(run.cost.usd)),
  run.createdAt.slice(0, 16).replace('T', ' '),
];

const why = (
  view: Awaited<ReturnType<import('../../pipeline/service/service.ts').Service['why']>>,
  output: Output,
): string[] => [
  `${output.style('bold', `${view.file}:${view.line}`)}  ${plain(view.text)}`,
  ...table([
    ['  commit', view.commit],
    ['  task', view.taskId],
    ['  run', view.runId],
    ['  spec', view.spec],
    ['  plan phase', view.planPhase ?? 'not planned'],
    ['  plan approved by', view.planApprovedBy.join(', ') || 'nobody: not required'],
    ['  requested by', view.requestedBy ?? 'unknown'],
    ['  agent', [view.agent, view.model].filter((part) => part !== null).join(', ')],
  ]),
];
