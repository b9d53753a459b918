import { stripVTControlCharacters, styleText } from 'node:util';
import { type DrydockError, type ErrorView, viewError } from '../../core/errors.ts';
import { visible } from '../../core/text/hidden.ts';
import { padded, widthOf } from './text.ts';

type Style = Parameters<typeof styleText>[0];

/** Output of a command. The result, with `--json` one document, goes to `out`; progress goes to `err`. */
export interface Output {
  json: boolean;
  /** Progress is written to a terminal. */
  live: boolean;
  /** Columns of the terminal that has the result; infinite where it is no terminal, so that nothing is wrapped or cut. */
  columns(): number;
  out(text: string): void;
  err(text: string): void;
  style(style: Style, text: string): string;
}

export function createOutput(
  json: boolean,
  out: NodeJS.WriteStream = process.stdout,
  err: NodeJS.WriteStream = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Output {
  const [outColours, errColours] = [hasColours(out, env), hasColours(err, env)];
  // A styled text may go to either stream, and only one of them may be a terminal.
  const writer = (stream: NodeJS.WriteStream, colours: boolean) => (text: string) =>
    void stream.write(`${colours ? text : withoutStyles(text)}\n`);
  return {
    json,
    live: err.isTTY === true,
    columns: () => columnsOf(out),
    out: json ? (text) => writer(out, outColours)(escapedJson(text)) : writer(out, outColours),
    err: writer(err, errColours),
    style: (style, text) => (outColours || errColours ? styleText(style, text, { validateStream: false }) : text),
  };
}

/**
 * A JSON document in which characters that terminals obey, and that `JSON.stringify` leaves, are escaped: controls from U+007F on,
 * and those that change the order of the text. It says the same.
 */
const escapedJson = (document: string): string =>
  document.replace(
    /[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Columns of a stream; infinite if it is no terminal. */
export const columnsOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY === true ? terminalColumns(stream) : Number.POSITIVE_INFINITY;

export const terminalColumns = ({ columns }: NodeJS.WriteStream): number => Math.max(minColumns, columns || 80);

/** A narrower terminal is treated as one of this width; the terminal breaks the lines itself. */
const minColumns = 40;

/** Whether a stream gets colours: as FORCE_COLOR says, else not with NO_COLOR, else if it is a terminal that has them. */
function hasColours(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: terminal } = env;
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return !none && stream.isTTY === true && terminal !== 'dumb';
}

const withoutStyles = (text: string): string => text.replaceAll(styles, '');
// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that styleText writes
const styles = /\u001b\[[\d;]*m/g;

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
      widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
    });
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : padded(cell, widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
