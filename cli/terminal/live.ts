import { terminalColumns } from './output.ts';
import { fitted, widthOf } from './text.ts';

/** Lines at the bottom of a terminal that are drawn again and again, below what is printed for good. */
export interface Live {
  draw(lines: readonly string[]): void;
  clear(): void;
}

/** Columns that stay free behind a line. */
export const margin = 3;
// Row by row: erasing the screen from its first row on makes some terminals keep what was there in their history.
const eraseRow = '\r\u001b[K';
const rowAbove = '\u001b[A';

export function createLive(stream: NodeJS.WriteStream): Live {
  /** Widths of the lines on the screen. */
  let drawn: number[] = [];
  const clear = (): void => {
    if (drawn.length === 0) return;
    // A terminal that became narrower has broken the lines, so they take more rows now.
    const columns = terminalColumns(stream);
    const rows = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    stream.write(Array.from({ length: rows }, () => eraseRow).join(rowAbove));
    drawn = [];
  };
  return {
    clear,
    draw(lines) {
      clear();
      // Some terminals go to the next row as soon as the last column is written, and Ctrl-C adds two characters.
      const shown = lines.map((line) => fitted(line, terminalColumns(stream) - margin));
      stream.write(shown.join('\n'));
      drawn = shown.map(widthOf);
    },
  };
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Milliseconds between two frames of the spinner. */
export const frameMs = 100;
export const spinner = (tick: number): string => frames[tick % frames.length] ?? '';
