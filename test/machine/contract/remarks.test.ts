/** R51: what people say reaches an agent while it works. */
import { afterAll, expect, test } from 'vitest';
import type { Remark } from '../../../core/remark/remark.ts';
import { type Ended, makeJob, makeWorld, project, runJob, type World } from './phase-fixtures.ts';
import { changeOf } from './phase-runner-contract.ts';

const worlds: World[] = [];
afterAll(() => {
  for (const one of worlds) one.remove();
});

const said = (text: string, now = false): Remark => ({ key: text.slice(0, 30), by: 'lead', text, now });
const line = ({ by, text, now }: Remark): string => `${JSON.stringify({ by, text, now })}\n`;

/** Runs an agent. @param first What is said before it starts. @param later What is said once it prints `ready`. */
async function run(
  program: string,
  {
    kind = 'command',
    first = [],
    later = [],
    remarks = [],
  }: { kind?: 'command' | 'acp'; first?: Remark[]; later?: Remark[]; remarks?: string[] },
): Promise<Ended> {
  const world = makeWorld(project, { 'agent.mjs': program });
  worlds.push(world);
  const job = makeJob(world);
  const { agent } = job.spec;
  let say: (remarks: readonly Remark[]) => void = () => undefined;
  return runJob(
    world,
    { ...job, spec: { ...job.spec, remarks, agent: agent && { ...agent, kind } } },
    {
      hear(listener) {
        say = listener;
        if (first.length > 0) listener(first);
      },
      onEvent(event) {
        if (event.type === 'log' && event.text.includes('ready')) say([...first, ...later]);
      },
    },
  );
}
const heard = ({ events }: Ended): string[] => events.flatMap((event) => (event.type === 'remark' ? [event.text] : []));

/** Leaves the lines of its inbox once there are so many. */
const reading = (lines: number): string => `
  import { existsSync, readFileSync, writeFileSync } from 'node:fs';
  console.log('ready');
  const timer = setInterval(() => {
    if (!existsSync(process.env.DRYDOCK_INBOX)) return;
    const text = readFileSync(process.env.DRYDOCK_INBOX, 'utf8');
    if (text.split('\\n').length <= ${lines}) return;
    clearInterval(timer);
    writeFileSync('heard.ndjson', text);
  }, 20);`;

test('an agent of a command finds it as lines of a file, before and after it starts', async () => {
  const end = await run(reading(2), { first: [said('One.')], later: [said('Two:\n"second" line.', true)] });
  expect(changeOf(end).content('heard.ndjson')).toBe(
    `${line(said('One.'))}${line(said('Two:\n"second" line.', true))}`,
  );
  expect(heard(end)).toEqual(['One.', 'Two:\n"second" line.']);
});

test('what its prompt has already is not said again', async () => {
  const end = await run(reading(1), {
    first: [said('In the prompt.')],
    later: [said('New.')],
    remarks: ['In the prompt.'],
  });
  expect(changeOf(end).content('heard.ndjson')).toBe(line(said('New.')));
  expect(heard(end)).toEqual(['New.']);
});

test.each([
  ['a link', "symlinkSync('/workspace/victim.txt', process.env.DRYDOCK_INBOX);"],
  ['a pipe that nobody reads', "execFileSync('mkfifo', [process.env.DRYDOCK_INBOX]);"],
  ['a folder', 'mkdirSync(process.env.DRYDOCK_INBOX);'],
])('in the place of the file, %s is neither followed nor waited for', async (_what, make) => {
  const program = `
    import { execFileSync } from 'node:child_process';
    import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
    ${make}
    writeFileSync('made.txt', 'made');
    console.log('ready');
    setTimeout(() => undefined, 1_500);`;
  const end = await run(program, { later: [said('One.')] });
  expect(end.result?.outcome).toBe('built');
  expect(changeOf(end).manifest.entries.map(({ path }) => path)).toEqual(['made.txt']);
  expect(heard(end)).toEqual(['One.']);
});

/** Ends its first turn when it is cancelled, or after a while; leaves the texts of its turns. */
const talking = (turnMs: number): string => `
  import { writeFileSync } from 'node:fs';
  import { createInterface } from 'node:readline';
  const turns = [];
  let ending;
  const send = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method, params } = JSON.parse(line);
    if (method === 'initialize') send(id, { protocolVersion: 1, agentCapabilities: {} });
    else if (method === 'session/new') send(id, { sessionId: 's' });
    else if (method === 'session/cancel') ending?.('cancelled');
    else if (method === 'session/prompt') {
      turns.push(params.prompt[0].text);
      writeFileSync('turns.json', JSON.stringify(turns));
      if (turns.length > 1) return send(id, { stopReason: 'end_turn' });
      console.error('ready');
      ending = (stopReason) => send(id, { stopReason });
      ${turnMs > 0 ? `setTimeout(() => ending('end_turn'), ${turnMs});` : ''}
    }
  });`;
const turnsOf = (end: Ended): string[] => JSON.parse(changeOf(end).content('turns.json'));

test('an agent with a protocol gets it as its next turn', async () => {
  const end = await run(talking(2_000), { kind: 'acp', first: [said('One.')], later: [said('Two.')] });
  const [prompt, next, ...more] = turnsOf(end);
  expect([prompt, more]).toEqual(['Greet politely.', []]);
  expect(next).toMatch(
    /^## What lead said while the task was under way\n[^\n]+\nFrom lead \(a person who may direct this task\):\n```\nOne\.\n```\n\n## What lead said[\s\S]+Two\.\n```\n\nGo on with the task\.\n$/,
  );
  expect(end.result?.agent?.stopReason).toBe('end_turn');
});

test('and at once, if it has to: its turn is cancelled', async () => {
  const end = await run(talking(0), { kind: 'acp', later: [said('Stop that.', true)] });
  expect(turnsOf(end)).toEqual(['Greet politely.', expect.stringContaining('Stop that.')]);
  expect(heard(end)).toEqual(['Stop that.']);
});

/** Speaks the protocol up to its first turn, and then does this when the turn is cancelled. */
const cancelled = (does: string): string => `
  import { closeSync } from 'node:fs';
  import { createInterface } from 'node:readline';
  const send = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
  let turn;
  const lines = createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, method } = JSON.parse(line);
    if (method === 'initialize') send(id, { protocolVersion: 1, agentCapabilities: {} });
    else if (method === 'session/new') send(id, { sessionId: 's' });
    else if (method === 'session/cancel') { ${does} }
    else if (method === 'session/prompt' && turn === undefined) {
      turn = id;
      console.error('ready');
      ${does.startsWith('/* deaf */') ? does : ''}
    } else if (method === 'session/prompt') send(id, { stopReason: 'end_turn' });
  });`;

test.each<[string, string, string]>([
  ['answers twice', "send(turn, { stopReason: 'cancelled' }); send(turn, { stopReason: 'end_turn' });", 'end_turn'],
  [
    'answers with an error',
    "console.log(JSON.stringify({ jsonrpc: '2.0', id: turn, error: { code: -32800, message: 'no' } }));",
    'no',
  ],
  ['ends', 'process.exit(0);', 'ACP connection closed'],
  ['ends by a signal', "process.kill(process.pid, 'SIGKILL');", 'ACP connection closed'],
  [
    'prints 10 MB without a line end, and ends',
    "process.stdout.write('x'.repeat(10_000_000), () => process.exit(0));",
    'ACP connection closed',
  ],
  [
    'prints 10 MB as its answer',
    "send(turn, { stopReason: 'cancelled', _meta: { x: 'x'.repeat(10_000_000) } });",
    'end_turn',
  ],
  [
    'prints what is not the protocol',
    "console.log('null\\n[]\\n{}\\n\\u0000'); send(turn, { stopReason: 'cancelled' });",
    'end_turn',
  ],
  ['closes its output', 'closeSync(1); setTimeout(() => process.exit(0), 300);', 'ACP connection closed'],
  [
    'reads no more, and ends',
    '/* deaf */ lines.close(); process.stdin.destroy(); setTimeout(() => process.exit(0), 1_500);',
    'ACP connection closed',
  ],
])('an agent that %s when its turn is cancelled ends its phase in order', async (_what, does, stopReason) => {
  const end = await run(cancelled(does), { kind: 'acp', later: [said('Stop that.', true)] });
  expect(end.failure).toBeUndefined();
  expect(end.result?.agent?.stopReason).toBe(stopReason);
});
