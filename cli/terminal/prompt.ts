import { createInterface, type ReadLineOptions } from 'node:readline';
import { Writable } from 'node:stream';

/** The terminal that a prompt reads from and writes to. */
export interface Terminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

export const processTerminal: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Reads one line at a prompt; undefined when the person leaves it (Ctrl-C, Ctrl-D, end of input). Leaving is not an
 * error: the question stays open.
 */
export function readLine({ input, output }: Terminal, prompt: string): Promise<string | undefined> {
  const options: ReadLineOptions = { input, output, terminal: 'isTTY' in input && input.isTTY === true };
  const reader = createInterface(options);
  return new Promise((resolve) => {
    reader.once('SIGINT', () => reader.close());
    // Ctrl-D and the end of the input close the reader too. After a line, this call has no effect.
    reader.once('close', () => resolve(undefined));
    reader.question(prompt, (line) => {
      resolve(line);
      reader.close();
    });
  });
}

/** Reads one line that is not shown; undefined when the person leaves, as with `readLine`. */
export async function readSecret({ input, output }: Terminal, prompt: string): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Readline in its mode for terminals switches the terminal's own echo off, and echoes to its output itself. The question
  // comes after that, so that nobody answers a terminal that still shows what is typed.
  const line = readLine({ input, output: nowhere }, '');
  output.write(prompt);
  try {
    return await line;
  } finally {
    output.write('\n');
  }
}
