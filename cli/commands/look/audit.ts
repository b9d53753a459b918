import { type Command, Option } from 'commander';
import { type AuditLine, auditCsv, auditJsonLines } from '../../../core/audit/line.ts';
import { defined } from '../../../core/defined.ts';
import { DrydockError } from '../../../core/errors.ts';
import { formatUsd } from '../../../core/money/format.ts';
import type { Charge, ModelCall } from '../../../core/run/phase.ts';
import type { AuditQuery } from '../../../pipeline/audit/search.ts';
import type { AuditCheck } from '../../../pipeline/audit/verify.ts';
import type { Service } from '../../../pipeline/service/service.ts';
import { action, type CommonOptions, dataOption, withSession } from '../../command.ts';
import { stackFlags } from '../../remote/options.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, plain, print } from '../../terminal/output.ts';

interface AuditOptions extends CommonOptions {
  verify?: boolean;
  who?: string;
  what?: string;
  path?: string;
  since?: string;
  until?: string;
  text?: string;
  format?: 'json' | 'jsonl' | 'csv';
}

export function register(program: Command): void {
  const command = program
    .command('audit [run]')
    .description('show all events, votes and model calls of a run; search the lines of all runs; check their chains')
    .option('--verify', 'check that every line is what was written, and that none is missing; exit code 1 if not')
    .option('--who <person>', 'lines of this person')
    .option('--what <kind>', 'lines of this kind, such as vote or vote-refused')
    .option('--path <path>', 'runs whose change touches this path or glob')
    .option('--since <time>', 'lines from this date or time on', moment('--since'))
    .option('--until <time>', 'lines before this date or time', moment('--until'))
    .option('--text <text>', 'lines that say this')
    .addOption(new Option('--format <format>', 'write lines of the audit').choices(['json', 'jsonl', 'csv']))
    .option(...dataOption);
  action<[string | undefined], AuditOptions>(stackFlags(command), async (output, options, reference) => {
    if (options.verify) return verify(output, options, reference);
    const { who, what, path, since, until, text } = options;
    const query: AuditQuery = defined({ who, what, path, since, until, text });
    const asTrail = reference !== undefined && Object.keys(query).length === 0 && options.format === undefined;
    return asTrail ? trail(output, options, reference) : search(output, options, reference ?? null, query);
  });
}

const moment =
  (flag: string) =>
  (text: string): string => {
    const at = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(text) ? new Date(text) : undefined;
    if (at && !Number.isNaN(at.getTime())) return at.toISOString();
    throw new DrydockError('UsageError', `${flag} takes a date such as 2026-11-28, not ${JSON.stringify(text)}.`);
  };

async function verify(output: Output, options: AuditOptions, reference: string | undefined): Promise<ExitCode> {
  const check = await withSession(options, ({ service }) => service.verifyAudit(reference ?? null));
  print(output, check, () => checkLines(check));
  return check.ok ? 0 : 1;
}

function checkLines({ ok, runs, beforeChain, broken, deployment }: AuditCheck): string[] {
  const bad = [...(deployment && !deployment.ok ? [deployment] : []), ...broken];
  return [
    ...bad.map(({ chain, fault }) => `BROKEN  ${chain}  line ${fault?.seq}: ${plain(fault?.what ?? '')}`),
    `${ok ? 'The audit is what was written' : 'The audit was changed'}: ${runs} ${runs === 1 ? 'run' : 'runs'}${beforeChain > 0 ? `, ${beforeChain} of them from before the chain` : ''}${deployment ? `, ${deployment.lines} lines beside runs` : ''}.`,
    ...(deployment?.head ? [`Head of the deployment: line ${deployment.head.seq}, ${deployment.head.hash}`] : []),
  ];
}

async function search(output: Output, options: AuditOptions, run: string | null, query: AuditQuery): Promise<ExitCode> {
  const lines = await withSession(options, ({ service }) => allLines(service, run, query));
  const { format } = options;
  if (format === 'csv') output.out(auditCsv(lines).trimEnd());
  else if (format === 'jsonl') output.out(auditJsonLines(lines).trimEnd());
  else
    print({ ...output, json: output.json || format === 'json' }, { lines }, () =>
      lines.length === 0
        ? ['No line matches.']
        : lines.map(
            ({ at, who, channel, what, taskId, why }) =>
              `${at}  ${plain(who)} (${channel})  ${what}  ${taskId === '' ? 'deployment' : taskId}  ${plain(why)}`,
          ),
    );
  return 0;
}

async function allLines(service: Service, run: string | null, query: AuditQuery): Promise<AuditLine[]> {
  const lines: AuditLine[] = [];
  let before: string | undefined;
  do {
    const page = await service.auditLines(run, { ...query, ...defined({ before }) });
    lines.push(...page.lines);
    before = page.next ?? undefined;
  } while (before !== undefined);
  return lines;
}

async function trail(output: Output, options: AuditOptions, reference: string): Promise<ExitCode> {
  const audit = await withSession(options, (session) => session.service.audit(reference));
  print(output, audit, () => [
    `${audit.taskId}  ${audit.runId}  requested by ${plain(audit.requester)}${audit.retriers.length > 0 ? `, started again by ${plain(audit.retriers.join(', '))}` : ''}`,
    ...audit.events.map((event) => `${event.at}  ${event.type.padEnd(14)}  ${plain(event.text)}`),
    ...audit.gates.flatMap((gate) =>
      gate.votes.map(
        (vote) =>
          `${vote.at}  ${vote.late ? 'late vote' : 'vote'}  ${gate.kind}  ${plain(vote.person)}: ${vote.choice} ${plain(vote.text)}`,
      ),
    ),
    ...audit.calls.map(
      (call) =>
        `call  ${call.provider}/${call.model}  ${call.inputTokens} in, ${call.outputTokens} out  ${formatUsd(call.usdMicros)}${chargedAs(call)}`,
    ),
  ]);
  return 0;
}

const rules: Record<Charge, string> = {
  usage: '',
  failed: ' (the provider refused it: nothing is charged)',
  'not-sent': ' (it was not sent: nothing is charged)',
  cut: ' (cut off: worst case)',
  error: ' (ended with an error: worst case)',
  'no-usage': ' (without a usage: worst case)',
};

/** The rule by which a call is charged, where it is not the reported usage at the price of the list. */
function chargedAs({ state, charged, price }: ModelCall): string {
  const rule = charged === undefined ? (state === 'reserved' ? rules.cut : '') : rules[charged];
  return `${rule}${price === 'assumed' ? ' (price assumed)' : ''}`;
}
