/** Characters of the end of an output in a message, and of one of its lines. */
const maxLength = 2_000;
const maxLine = 300;

/**
 * The end of an output, for a message. A line is cut: Node prints the source line of an error, and that of a bundle would
 * leave no room for the error itself.
 */
export const lastLines = (output: string): string =>
  output
    .split('\n')
    .map((line) => (line.length > maxLine ? `${line.slice(0, maxLine)}…` : line))
    .join('\n')
    .slice(-maxLength);
