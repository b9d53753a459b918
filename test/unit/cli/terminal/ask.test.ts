import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { askAtGate } from '../../../../cli/terminal/ask.ts';
import { createOutput } from '../../../../cli/terminal/output.ts';
import { createProgress } from '../../../../cli/terminal/progress.ts';
import { DrydockError } from '../../../../core/errors.ts';
import type { GateView, Service, VoteCommand, WatchItem } from '../../../../pipeline/service/service.ts';
import { aGate, aRun } from '../../web/fake.ts';

/** A terminal whose keys a test presses; `screen` is everything written to it. */
function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let screen = '';
  const waiting: { text: string; resolve(): void }[] = [];
  stream.on('data', (data: Buffer) => {
    screen += data.toString();
    for (const one of waiting.splice(0)) screen.includes(one.text) ? one.resolve() : waiting.push(one);
  });
  const output = stream as unknown as NodeJS.WriteStream;
  return {
    input,
    output,
    screen: () => screen,
    shows: (text: string) =>
      new Promise<void>((resolve) => {
        if (screen.includes(text)) resolve();
        else waiting.push({ text, resolve });
      }),
  };
}

const ask = (gate: GateView, vote: (command: VoteCommand) => Promise<GateView>) => {
  const at = terminal();
  const votes: VoteCommand[] = [];
  const service = {
    vote: (command: VoteCommand) => {
      votes.push(command);
      return vote(command);
    },
  } as unknown as Service;
  const asked = askAtGate({ service }, gate, createOutput(false, at.output, at.output), 'lead', at);
  return { ...at, votes, asked };
};
const decided = async (): Promise<GateView> => aGate({ status: 'decided' });

describe('at a gate', () => {
  test('R44: the hints about texts from outside come first', async () => {
    const hint = 'SuspiciousText: the plan, line 3: asks to turn checks off';
    const { screen, shows, input, asked } = ask(aGate({ text: `${hint}\n\nthe rest` }), decided);
    await shows('>');
    expect(screen().indexOf(hint)).toBeGreaterThan(0);
    expect(screen().indexOf(hint)).toBeLessThan(screen().indexOf('the rest'));
    input.write('\u0004');
    await asked;
  });

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s leaves it waiting, without a vote and without an error', async (_key, key) => {
    const { asked, input, shows, votes, screen } = ask(aGate(), decided);
    await shows('(as lead)> ');
    input.write(key);
    expect([await asked, votes]).toEqual([false, []]);
    expect(screen()).not.toContain('Abort');
  });

  test('the end of the input leaves it waiting', async () => {
    const { asked, input, shows } = ask(aGate(), decided);
    await shows('(as lead)> ');
    input.end();
    expect(await asked).toBe(false);
  });

  test('a line is a vote; one that is refused is asked again; one that is too late is not', async () => {
    const errors = [new DrydockError('AnswerInvalid', 'first'), new DrydockError('GateClosed', 'second')];
    const { asked, input, shows, votes } = ask(aGate(), () =>
      Promise.reject(errors.shift() ?? new Error('asked again')),
    );
    await shows('(as lead)> ');
    input.write('reject no\r');
    await shows('first');
    input.write('a\r');
    expect(await asked).toBe(true);
    expect(votes.map(({ choice, text }) => [choice, text])).toEqual([
      ['reject', 'no'],
      ['approve', ''],
    ]);
  });

  test('options are listed, and a number does what its option says', async () => {
    const gate = aGate({
      kind: 'question',
      question: { question: 'What now?', context: '', options: ['A hint', 'Give up'] },
      options: [
        { label: 'A hint', does: 'answer', text: 'required' },
        { label: 'Give up', does: 'reject' },
      ],
    });
    const { asked, input, shows, votes, screen } = ask(gate, decided);
    await shows('(as lead)> ');
    expect(screen()).toMatch(/1 {2}A hint.*2 {2}Give up/s);
    input.write('1\r');
    await shows('needs a text');
    input.write('2 too dear\r');
    expect(await asked).toBe(true);
    expect(votes).toMatchObject([{ choice: 'reject', text: 'too dear' }]);
  });
});

describe('the live line', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('stays away while a prompt stands there, whatever happens, and comes back afterwards', () => {
    vi.useFakeTimers();
    const written: string[] = [];
    const stream = { columns: 80, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    const output = { ...createOutput(false), live: true, err: () => undefined };
    const progress = createProgress(output, stream);
    const item: WatchItem = { kind: 'run', run: aRun() };
    progress.show(item);
    expect(written.join('')).toContain(aRun().state);
    progress.pause();
    written.length = 0;
    vi.advanceTimersByTime(5_000);
    progress.show(item);
    expect(written).toEqual([]);
    progress.resume();
    expect(written.join('')).toContain(aRun().state);
    progress.end();
  });
});
