/** What a mail program reads of a MIME text. */

/** The value of a header, unfolded, its encoded words decoded. */
export function headerOf(raw: string, name: string): string | undefined {
  const [head = ''] = raw.split(/\r?\n\r?\n/, 1);
  const found = new RegExp(`^${name}: ?(.*(?:\\r?\\n[ \\t].*)*)`, 'im').exec(head)?.[1];
  return found
    ?.replace(/\?=\r?\n[ \t]+=\?/g, '?==?')
    .replace(/\r?\n[ \t]+/g, ' ')
    .replace(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString() : quoted(text.replaceAll('_', ' ')),
    );
}

/** Subject, and the two parts. */
export function partsOf(raw: string): { subject: string; text: string; html: string } {
  const part = (type: string): string => {
    const at = new RegExp(`content-type: ${type}[\\s\\S]*?\\r?\\n\\r?\\n`, 'i').exec(raw);
    if (!at) return '';
    const body = raw.slice(at.index + at[0].length).split(/\r?\n--/, 1)[0] ?? '';
    const base64 = /content-transfer-encoding: base64/i.test(at[0]);
    return (
      base64 ? Buffer.from(body, 'base64').toString() : /quoted-printable/i.test(at[0]) ? quoted(body) : body
    ).replaceAll('\r\n', '\n');
  };
  return { subject: headerOf(raw, 'Subject') ?? '', text: part('text/plain'), html: part('text/html') };
}

const quoted = (text: string): string =>
  Buffer.from(
    text
      .replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();
