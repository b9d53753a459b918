import type { RunEvent } from '../run/record.ts';
import { beginOf } from './chain.ts';

/** A line of the audit, as people and other programs read it. */
export interface AuditLine {
  /** Id of the run, or `deployment`. */
  chain: string;
  /** Empty for the deployment. */
  taskId: string;
  /** Null for an event from before the chain. */
  seq: number | null;
  at: string;
  /** Person id, or who else acted; `unknown` for a visitor who is not known, and `drydock` if no person acted. */
  who: string;
  what: string;
  why: string;
  /** `engine` if no person acted. */
  channel: string;
  /** Digest or commit that the act was about; empty if there is none. */
  on: string;
  prevHash: string;
  hash: string;
}

/** The lines of a chain. @param events All of them, in the order of the chain. */
export function auditLines(chain: string, taskId: string, events: readonly RunEvent[]): AuditLine[] {
  let before = beginOf(chain).hash;
  return events.map(({ seq, at, who, type, text, channel, on, hash }) => {
    const prevHash = hash === undefined ? '' : before;
    before = hash ?? before;
    return {
      ...{
        chain,
        taskId,
        seq: seq ?? null,
        at,
        who: who ?? (channel === undefined ? 'drydock' : 'unknown'),
        what: type,
        why: text,
      },
      ...{ channel: channel ?? 'engine', on: on ?? '', prevHash, hash: hash ?? '' },
    };
  });
}

const columns = ['chain', 'taskId', 'seq', 'at', 'who', 'what', 'why', 'channel', 'on', 'prevHash', 'hash'] as const;

/** A cell that no spreadsheet reads as a formula, and that cannot end its row. */
const cell = (value: string | number | null): string => {
  const text = String(value ?? '');
  const plain = /^[\s]*[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};

export const auditCsv = (lines: readonly AuditLine[]): string =>
  [columns.join(','), ...lines.map((line) => columns.map((column) => cell(line[column])).join(','))]
    .map((row) => `${row}\r\n`)
    .join('');

export const auditJsonLines = (lines: readonly AuditLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');
