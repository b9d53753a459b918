import type { styleText } from 'node:util';
import { getColumns, getRows, isCancel, SelectPrompt, TextPrompt, wrapTextWithPrefix } from '@clack/core';
import { limitOptions } from '@clack/prompts';
import type { Terminal } from '../prompt.ts';

/** A choice in a list. The value is what the caller gets. */
export interface Choice<Value> {
  value: Value;
  label: string;
  hint?: string;
}

/** How a person left a prompt without an answer: back to what was asked before, or away from all of it. */
export type Left = 'back' | 'away';
export const isLeft = (answer: unknown): answer is Left => answer === 'back' || answer === 'away';

interface Asked {
  message: string;
  /** The last line, in which one types: it says as whom one decides. */
  line: string;
  /** Aborts when nobody needs to answer any more. */
  signal: AbortSignal;
  /** The style of a text, where the terminal has colours. */
  style(style: Parameters<typeof styleText>[0], text: string): string;
}

/** Asks for one of several choices: arrow keys, or the number of a choice. */
export async function choose<Value>(
  terminal: Terminal,
  { message, line, signal, style }: Asked,
  choices: readonly Choice<Value>[],
): Promise<Value | Left> {
  const { input, output } = streamsOf(terminal);
  return leaving(terminal, signal, async (stop) => {
    const prompt = new SelectPrompt({
      options: [...choices],
      input,
      output,
      signal: stop,
      render() {
        const title = wrapTextWithPrefix(output, style('bold', message), '  ', `${style('cyan', '◆')} `);
        const current = choices[this.cursor];
        if (this.state === 'cancel') return title;
        if (this.state === 'submit') return `${title}\n${line} ${current?.label ?? ''}`;
        const shown = limitOptions({
          output,
          options: choices.map((choice, i) => ({ ...choice, n: i + 1 })),
          cursor: this.cursor,
          columnPadding: 4,
          rowPadding: title.split('\n').length + 2,
          style: ({ n, label, hint }, active) => {
            const text = `${String(n).padStart(choices.length > 9 ? 2 : 1)}  ${label}${hint === undefined ? '' : style('dim', ` (${hint})`)}`;
            return active ? `${style('cyan', '❯')} ${style('cyan', text)}` : `  ${text}`;
          },
        });
        return `${title}\n${shown.map((each) => `  ${each}`).join('\n')}\n${style('dim', line)} ${current?.label ?? ''}`;
      },
    });
    prompt.on('key', (character) => {
      const n = Number(character);
      if (Number.isInteger(n) && n >= 1 && n <= choices.length) prompt.cursor = n - 1;
    });
    const answer = await prompt.prompt();
    return isCancel(answer) ? undefined : choices[prompt.cursor]?.value;
  });
}

/** Asks for a line of text, which may not be empty. @param initial Text to begin with. */
export async function askText(
  terminal: Terminal,
  { message, line, signal, style }: Asked,
  initial = '',
): Promise<string | Left> {
  const { input, output } = streamsOf(terminal);
  return leaving(terminal, signal, async (stop) => {
    const answer = await new TextPrompt({
      input,
      output,
      signal: stop,
      initialUserInput: initial,
      validate: (text) => ((text ?? '').trim() === '' ? 'Write a text, or press Esc to go back.' : undefined),
      render() {
        const title = wrapTextWithPrefix(output, style('bold', message), '  ', `${style('cyan', '◆')} `);
        const fault = this.state === 'error' ? `\n${style('yellow', this.error)}` : '';
        const typed = this.state === 'active' || this.state === 'initial' || this.state === 'error';
        return `${title}${fault}\n${line} ${typed ? this.userInputWithCursor : this.userInput}`;
      },
    }).prompt();
    return isCancel(answer) ? undefined : String(answer).trim();
  });
}

/** The streams as the library wants them. A terminal of a test has no size. */
function streamsOf({ input, output }: Terminal): { input: NodeJS.ReadStream; output: NodeJS.WriteStream } {
  return { input: input as NodeJS.ReadStream, output: output as NodeJS.WriteStream };
}

/**
 * Runs a prompt, and tells how it was left: Esc goes back; Ctrl-C, Ctrl-D and the end of the input go away. The library
 * itself waits for ever after Ctrl-D.
 */
async function leaving<Answer>(
  { input }: Terminal,
  signal: AbortSignal,
  prompt: (stop: AbortSignal) => Promise<Answer | undefined>,
): Promise<Answer | Left> {
  const end = new AbortController();
  let left: Left = 'away';
  const onKey = (_text: string | undefined, key: { name?: string; ctrl?: boolean } = {}): void => {
    left = key.name === 'escape' ? 'back' : 'away';
    if (key.ctrl && key.name === 'd') end.abort();
  };
  const onEnd = (): void => end.abort();
  input.on('keypress', onKey);
  input.once('end', onEnd);
  try {
    const answer = await prompt(AbortSignal.any([signal, end.signal]));
    return answer === undefined ? left : answer;
  } finally {
    input.off('keypress', onKey);
    input.off('end', onEnd);
  }
}

/** Whether a terminal can move its cursor, which lists need. */
export const movesCursor = ({ input, output }: Terminal, env = process.env): boolean =>
  (input as NodeJS.ReadStream).isTTY === true &&
  (output as NodeJS.WriteStream).isTTY === true &&
  env.TERM !== 'dumb' &&
  getColumns(output as NodeJS.WriteStream) > 0 &&
  getRows(output as NodeJS.WriteStream) > 0;
