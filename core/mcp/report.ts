import { eventLimits, type PhaseEvent } from '../run/phase.ts';
import { withoutKnownSecrets } from '../secrets/known-secrets.ts';
import { shortened } from '../text/shortened.ts';
import type { McpReport } from './allowed.ts';

/** Characters of a text that is searched for secrets; no more of it is shown. */
const maxSearched = 64_000;

interface ReportOptions {
  server: string;
  emit(event: PhaseEvent): void;
  /** Takes out what may not be shown, besides credentials of known forms. */
  redact(text: string): string;
  refused: McpReport['refused'];
  /** Milliseconds of a clock. */
  now(): number;
}

/** Tells calls of tools in the form in which people read what an agent does. One for each server of a phase. */
export function mcpReport({ server, emit, redact, refused, now }: ReportOptions): McpReport {
  let calls = 0;
  const text = (value: string): string =>
    shortened(withoutKnownSecrets(redact(shortened(value, maxSearched))), eventLimits.text);
  return {
    refused,
    called(tool, input) {
      calls += 1;
      const call = { type: 'tool', id: `mcp/${server}/${calls}`, kind: 'mcp', title: `${server}: ${tool}` } as const;
      const start = now();
      emit({ ...call, status: 'in_progress', input: text(JSON.stringify(input)) });
      return (status, output) =>
        emit({ ...call, status, output: text(output), ms: Math.max(0, Math.round(now() - start)) });
    },
  };
}
