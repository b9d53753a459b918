import type { Command } from 'commander';
import type { HostView } from '../../../pipeline/service/service.ts';
import { action, type CommonOptions, dataOption, withSession } from '../../command.ts';
import { stackFlags } from '../../remote/options.ts';
import { gateLines } from '../../terminal/gate.ts';
import { plain, print } from '../../terminal/output.ts';
import { summary } from '../../terminal/summary.ts';
import { openGate, viewOf } from './parts.ts';

export function register(program: Command): void {
  const command = stackFlags(
    program
      .command('show <run>')
      .description('show a run: what was asked, its steps, the open decision, the change, tests and cost')
      .option(...dataOption)
      .option('--evidence', 'include the plan, the phases and their output'),
  );
  action<[string], CommonOptions & { evidence?: boolean }>(command, async (output, options, reference) => {
    const { evidence, host, gate, view, run } = await withSession(options, async (session) => {
      const run = await session.service.run(reference);
      const gate = output.json ? undefined : await openGate(session, run);
      return {
        run,
        gate,
        evidence: await session.service.evidence(reference),
        host: await session.service.host(reference),
        view: output.json ? undefined : await viewOf(session, run, gate),
      };
    });
    const { runLines } = await import('../../terminal/view/run.ts');
    const { diff, ...rest } = evidence;
    const more = options.evidence ? ['', JSON.stringify(rest, null, 2)] : [];
    print(output, { ...run, diff, host, ...(options.evidence ? { evidence: rest } : {}) }, () =>
      view && output.columns() !== Number.POSITIVE_INFINITY
        ? [...runLines(view, output), ...hostLines(host), ...more]
        : [
            ...summary(run, output),
            '',
            ...diff.map((entry) => `  ${entry.op === 'delete' ? '-' : '+'} ${plain(entry.path)}`),
            ...hostLines(host),
            ...(gate ? gateLines(gate, output) : []),
            ...(view ? ['', ...runLines(view, output, true)] : []),
            ...more,
          ],
    );
    return 0;
  });
}

/** Checks and reviews of the pull request on the code host. */
const hostLines = (host: HostView | null): string[] =>
  host === null
    ? []
    : [
        '',
        ...host.checks.map((check) => `  check   ${plain(check.name)}: ${plain(check.conclusion)}`),
        ...host.reviews.map(
          ({ by, state, head, current }) =>
            `  review  ${plain(by)}: ${state}${current ? '' : ` (for ${head.slice(0, 12)}, an earlier commit)`}`,
        ),
      ];
