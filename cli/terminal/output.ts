import { stripVTControlCharacters, styleText } from 'node:util';
import { type DrydockError, type ErrorView, viewError } from '../../core/errors.ts';
import { visible } from '../../core/text/hidden.ts';

type Style = Parameters<typeof styleText>[0];

/** Output of a command. The result, with `--json` one document, goes to `out`; progress goes to `err`. */
export interface Output {
  json: boolean;
  /** Progress is written to a terminal. */
  live: boolean;
  out(text: string): void;
  err(text: string): void;
  style(style: Style, text: string): string;
}

export function createOutput(
  json: boolean,
  out: NodeJS.WriteStream = process.stdout,
  err: NodeJS.WriteStream = process.stderr,
): Output {
  const colour = err.isTTY === true && !process.env.NO_COLOR;
  return {
    json,
    live: err.isTTY === true,
    out: (text) => void out.write(`${text}\n`),
    err: (text) => void err.write(`${text}\n`),
    style: (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text),
  };
}

/** Untrusted text for a terminal, without escape sequences; hidden characters are made visible. */
export const plain = (text: string): string => visible(stripVTControlCharacters(text).replace(/\r\n?/g, '\n'));

export function printError(output: Output, error: ErrorView): void {
  if (output.json) output.out(JSON.stringify({ error }));
  output.err(`${output.style(['red', 'bold'], error.name)}: ${plain(error.message)}`);
  if (error.remedy !== '') output.err(`${output.style('cyan', 'remedy')}: ${plain(error.remedy)}`);
}

/** The field `error` of a document whose command ends with 2 to 4; the same as for a thrown error. */
export const withError = (error: DrydockError | undefined): { error?: ErrorView } =>
  error === undefined ? {} : { error: viewError(error) };

/** Prints a result: as JSON with `--json`, otherwise as lines for people. */
export function print(output: Output, value: unknown, lines: () => string[]): void {
  if (output.json) output.out(JSON.stringify(value));
  else for (const line of lines()) output.out(line);
}

/** Columns as wide as their widest cell, two spaces apart. */
export function table(rows: string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
