import type { PhaseEvent, ToolKind } from '../../core/run/phase.ts';
import type { TimedEvent } from '../../pipeline/service/activity.ts';
import { duration } from './format.ts';

/** One row of what an agent did: a message, a step, or a whole tool call. */
export interface LogRow {
  at: string;
  icon: string;
  text: string;
  took: string;
  kind: 'say' | 'think' | 'edit' | 'run' | 'other' | 'error';
  /** Input and output, or the thought; shown folded. */
  more: { name: string; text: string }[];
}

type Tool = Extract<PhaseEvent, { type: 'tool' }>;

const icons: Record<LogRow['kind'], string> = { say: '✎', think: '…', edit: '±', run: '▸', other: '·', error: '✕' };
const kinds: Partial<Record<ToolKind, LogRow['kind']>> = { edit: 'edit', delete: 'edit', move: 'edit', run: 'run' };

/** Rows in the order in which they began. News of a tool call is part of its first row; costs are elsewhere. */
export function rowsOf(events: readonly TimedEvent[]): LogRow[] {
  const rows: LogRow[] = [];
  const calls = new Map<string, { row: number; call: Tool }>();
  for (const event of events) {
    const at = event.at ?? '';
    if (event.type !== 'tool') {
      const row = plainRow(event, at);
      if (row) rows.push(row);
      continue;
    }
    const known = calls.get(event.id);
    const call = known ? { ...known.call, ...event } : event;
    const row = known?.row ?? rows.length;
    rows[row] = toolRow(call, known ? (rows[row]?.at ?? at) : at);
    calls.set(event.id, { row, call });
  }
  return rows;
}

function plainRow(event: Exclude<PhaseEvent, Tool>, at: string): LogRow | undefined {
  const row = (kind: LogRow['kind'], text: string, more: LogRow['more'] = [], took = ''): LogRow => ({
    ...{ at, kind, text, more, took, icon: icons[kind] },
  });
  switch (event.type) {
    case 'message':
      return row('say', event.text);
    case 'thought':
      return row('think', 'thinks', [{ name: 'Thought', text: event.text }]);
    case 'step': {
      const kind = event.status === 'failed' ? 'error' : 'other';
      return row(kind, `${event.name} ${event.status}`, [], event.ms === undefined ? '' : duration(event.ms));
    }
    case 'log':
      return row('other', `${event.source}: ${event.text}`);
    case 'plan':
      return row('other', event.entries.map(({ status, content }) => `${signs[status] ?? '○'} ${content}`).join('\n'));
    case 'remark':
      return row('say', `${event.by} said: ${event.text}`);
    case 'cost':
      return undefined;
  }
}

/** Signs for the states of an agent's to-do list. */
const signs: Record<string, string> = { completed: '✓', in_progress: '●', pending: '○' };

function toolRow(call: Tool, at: string): LogRow {
  const failed = call.status === 'failed' || (call.exitCode !== undefined && call.exitCode !== 0);
  const kind = failed ? 'error' : (kinds[call.kind ?? 'other'] ?? 'other');
  const running = call.status === 'in_progress' || call.status === 'pending';
  const exit = call.exitCode === undefined || call.exitCode === 0 ? '' : `exit ${call.exitCode}`;
  const took = running ? 'running' : call.ms === undefined ? '' : duration(call.ms);
  return {
    at,
    kind,
    icon: icons[kind],
    text: call.title,
    took: [exit, took].filter((part) => part !== '').join(' · '),
    more: [
      ...(call.input === undefined || call.input === call.title ? [] : [{ name: 'Input', text: call.input }]),
      ...(call.edits ?? []).map(({ path, before, after }) => ({ name: path, text: edited(before, after) })),
      ...(call.output === undefined ? [] : [{ name: 'Output', text: call.output }]),
    ],
  };
}

/** An edit as it is told: what was there, and what is there now. */
const edited = (before: string, after: string): string =>
  [...lines(before).map((line) => `− ${line}`), ...lines(after).map((line) => `+ ${line}`)].join('\n');
const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
