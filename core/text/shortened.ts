/** The beginning and the end of a text that is too long, because outputs have their reason at the end. */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const gap = '\n…\n';
  const head = Math.floor((limit - gap.length) / 2);
  return `${text.slice(0, head)}${gap}${text.slice(text.length - (limit - gap.length - head))}`;
}
