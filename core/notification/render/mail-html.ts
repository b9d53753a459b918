import type { Card } from '../card.ts';

const escaped: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const html = (text: string): string => text.replace(/[&<>"']/g, (each) => escaped[each] ?? each);

/** Text with its line ends. Mail programs make links of addresses and names in a text; a word joiner keeps them text. */
const prose = (text: string): string =>
  html(text)
    .replace(/(?<=\w)\.(?=\w)|:(?=\/\/)|@(?=\w)/g, (each) => `${each}&#8288;`)
    .replaceAll('\n', '<br>');

const font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
/** Programs that know dark colours take them; the others show the light ones, which are inline. */
const dark = [
  '.g{background:#101517!important}',
  '.p{background:#171e21!important;border-color:#2b373b!important}',
  '.i,.i h1,.i p,.i li,.i td,.i b{color:#e6ecec!important}',
  '.s,.s p,.s td{color:#a4b4b9!important}',
  '.t{background:#1d2629!important}',
  '.w{background:#33270a!important;color:#f3d58a!important}',
  '.b{background:#6fc7d6!important;color:#06262c!important}',
].join('');

/** Filler that keeps a mail program from showing the beginning of the page beside the subject. */
const filler = '&#8199;&#65279;&#847;'.repeat(40);

/** The card as an HTML mail: 600 px, colours inline, one button. It loads nothing and contains no form. */
export function mailHtml(card: Card): string {
  const { subject, over, heading, lead, tiles, first, lists, options, button, small, footer } = card;
  const preheader = [...lead.slice(0, 1), ...tiles.map(({ name, value }) => `${name}: ${value}`)].join(' · ');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>${html(subject)}</title><style>@media (prefers-color-scheme:dark){${dark}}</style></head>
<body class="g" style="margin:0;padding:0;background:#f4f6f6;${font}">
<div style="display:none;max-height:0;overflow:hidden">${prose(preheader.slice(0, 200))}${filler}</div>
<table role="presentation" class="g" width="100%" cellpadding="0" cellspacing="0" style="background:#f4f6f6"><tr><td align="center" style="padding:16px">
<table role="presentation" class="p" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background:#ffffff;border:1px solid #dbe2e3;border-radius:10px"><tr><td class="i" style="padding:18px;color:#172023;font-size:16px;line-height:1.45;overflow-wrap:anywhere;word-break:break-word;text-align:left">
<div class="s" style="font-size:13px;color:#55646a">${prose(over)}</div>
<h1 style="font-size:20px;line-height:1.3;margin:4px 0 12px;color:#172023">${prose(heading)}</h1>
${first.map((each) => `<p class="w" style="margin:0 0 10px;padding:8px 10px;background:#fff4d6;color:#5c4400;border-radius:8px">${prose(each)}</p>`).join('')}${lead
  .map((each) => `<p style="margin:0 0 12px;color:#172023">${prose(each)}</p>`)
  .join('')}${tileTable(tiles)}${lists
  .map(
    ({ title, items }) =>
      `<p style="margin:12px 0 4px;color:#172023"><b>${prose(title)}</b></p><ul style="margin:0 0 10px;padding-left:20px">${items.map((item) => `<li style="color:#172023">${prose(item)}</li>`).join('')}</ul>`,
  )
  .join('')}${
  options.length === 0
    ? ''
    : `<ol style="margin:12px 0;padding-left:24px">${options.map((option) => `<li style="color:#172023;margin:0 0 6px">${optionHtml(option)}</li>`).join('')}</ol>`
}${
  button === undefined
    ? ''
    : `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:14px 0 0"><tr><td><a class="b" href="${html(button.url)}" style="display:block;text-align:center;background:#0b5c6b;color:#ffffff;text-decoration:none;border-radius:8px;padding:14px 12px;min-height:20px;font-size:17px;line-height:20px;font-weight:600">${prose(button.label)}</a></td></tr></table>`
}
<div class="s" style="margin:12px 0 0;font-size:13px;color:#55646a">${small.map(prose).join('<br>')}</div>
</td></tr></table>
<p class="s" style="font-size:12px;color:#55646a;text-align:center;margin:10px 0 0">${prose(footer)}</p>
</td></tr></table>
</body></html>
`;
}

const optionHtml = ({ label, suggested, needs }: Card['options'][number]): string =>
  `${suggested ? `<b>${prose(label)}</b>` : prose(label)}${needs ? ' (with your words)' : ''}${suggested ? ' (suggested)' : ''}`;

/** Two in a row, so that a phone shows them without a second line for most. */
function tileTable(tiles: Card['tiles']): string {
  if (tiles.length === 0) return '';
  const rows = Array.from({ length: Math.ceil(tiles.length / 2) }, (_, i) => tiles.slice(i * 2, i * 2 + 2));
  return `<table role="presentation" class="t" width="100%" cellpadding="0" cellspacing="0" style="font-size:15px;background:#f1f4f4;border-radius:8px;margin:0 0 6px">${rows
    .map(
      (row) =>
        `<tr>${row.map(({ name, value }) => `<td valign="top" width="50%" style="padding:8px 10px;color:#172023"${row.length === 1 ? ' colspan="2"' : ''}>${prose(name)}<br><b>${prose(value)}</b></td>`).join('')}</tr>`,
    )
    .join('')}</table>`;
}
