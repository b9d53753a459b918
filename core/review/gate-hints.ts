/**
 * The text of a gate in two: the hints about texts from outside, which stand first and end with an empty line, and the rest. What an agent
 * wrote comes after them, so that it can add hints, and take none away.
 */
export function splitHints(text: string): { hints: string; rest: string } {
  if (!/^(?:SuspiciousText|HiddenInSpec): /.test(text)) return { hints: '', rest: text };
  const end = text.indexOf('\n\n');
  return end < 0 ? { hints: text, rest: '' } : { hints: text.slice(0, end), rest: text.slice(end + 2) };
}
