import { describe, expect, test } from 'vitest';
import { agents } from '../../../../core/agents/agents.ts';
import type { PhaseEvent } from '../../../../core/run/phase.ts';
import { eventOf } from '../../../../gateway/routes/events.ts';
import { reportReader } from '../../../../sandbox/agents/report.ts';
import { Transcript } from '../../../../sandbox/agents/transcript.ts';

const secret = 's'.repeat(64);
function told(use: (transcript: Transcript) => void): PhaseEvent[] {
  const events: PhaseEvent[] = [];
  use(new Transcript((event) => events.push(event), secret));
  return events;
}
const read = (...chunks: Buffer[]): PhaseEvent[] =>
  told((transcript) => {
    const push = reportReader(agents.codex.events ?? (() => []), (event) => transcript.add(event));
    for (const chunk of chunks) push(chunk);
  });
const line = (item: object): string => `${JSON.stringify({ type: 'item.completed', item })}\n`;
const said = Buffer.from(line({ type: 'agent_message', text: 'grüße' }));
const message = { type: 'message', text: 'grüße' };

describe('the report of an agent', () => {
  test('is the same in pieces of any size', () => {
    const bytes = Buffer.concat([said, said]);
    for (const size of [1, 2, 7, 1_000])
      expect(
        read(
          ...Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
        ),
      ).toEqual([message, message]);
  });

  test('a line that is too long, not UTF-8, not an object or nested deeply leaves the others', () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const deep = `{"type":"item.completed","item":{"type":"mcp_tool_call","arguments":${'['.repeat(200_000)}${']'.repeat(200_000)}}}\n`;
    const odd = [
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from('[1]\n"x"\n{"__proto__":{"type":"x"}}\n'),
      Buffer.from(deep),
    ];
    const events = read(...Array.from({ length: 6 }, () => piece), Buffer.from('\n'), ...odd, said);
    expect(events.at(-1)).toEqual(message);
    expect(events.filter(({ type }) => type === 'message')).toHaveLength(1);
  });

  // Searching all that has come for each piece would read a hundred gigabytes.
  test('a line of four megabytes in tiny pieces is read once', () => {
    const piece = Buffer.from('x'.repeat(64));
    const start = Buffer.from('{"type":"item.completed","item":{"type":"agent_message","text":"grüße","more":"');
    const events = read(start, ...Array.from({ length: 64_000 }, () => piece), Buffer.from('"}}\n'));
    expect(events).toEqual([message]);
  });
});

describe('an event of an agent', () => {
  test.each<[string, PhaseEvent]>([
    [
      'edits',
      {
        type: 'tool',
        id: 'a',
        title: 't',
        status: 'completed',
        edits: Array.from({ length: 20 }, () => ({
          path: 'p',
          before: '€'.repeat(9_000),
          after: '\u0001'.repeat(9_000),
        })),
      },
    ],
    [
      'a plan',
      { type: 'plan', entries: Array.from({ length: 200 }, () => ({ content: '€'.repeat(2_000), status: 'x' })) },
    ],
    ['a message', { type: 'message', text: '\u0001'.repeat(30_000) }],
    ['a log', { type: 'log', source: 'agent', text: '\u0001'.repeat(30_000) }],
  ])('%s that is too long is cut, and the gateway takes it', (_what, event) => {
    const [sent] = told((transcript) => transcript.add(event));
    const bytes = Buffer.from(JSON.stringify(sent));
    expect(bytes.length).toBeLessThan(64 * 1024);
    expect(eventOf(bytes)).toEqual(sent);
  });

  test('holds no key of the gateway', () => {
    const events = told((transcript) => {
      transcript.add({ type: 'log', source: 'agent', text: `key ${secret}` });
      transcript.add({ type: 'tool', id: secret, title: secret, status: 'completed', input: secret, output: secret });
      transcript.add({ type: 'plan', entries: [{ content: secret, status: secret }] });
    });
    expect(JSON.stringify(events)).not.toContain(secret);
  });
});
