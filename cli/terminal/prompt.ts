import { createInterface, type ReadLineOptions } from 'node:readline';

/** The terminal that a prompt reads from and writes to. */
export interface Terminal {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

export const processTerminal: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Reads one line at a prompt; undefined when the person leaves it (Ctrl-C, Ctrl-D, the end of the input). Leaving is an
 * answer here, not a fault: whatever was asked stays open.
 */
export function readLine({ input, output }: Terminal, prompt: string): Promise<string | undefined> {
  const options: ReadLineOptions = { input, output, terminal: 'isTTY' in input && input.isTTY === true };
  const reader = createInterface(options);
  return new Promise((resolve) => {
    reader.once('SIGINT', () => reader.close());
    // Ctrl-D and the end of the input close the reader too; after a line, this resolves nothing any more.
    reader.once('close', () => resolve(undefined));
    reader.question(prompt, (line) => {
      resolve(line);
      reader.close();
    });
  });
}
