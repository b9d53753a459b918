/** Whether a text matches a pattern; `*` stands for any characters, including slashes. Linear in the text. */
export const wildcard = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => matches(pattern, text));

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
