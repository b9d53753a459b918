import { createHash } from 'node:crypto';
import type { ChangedFile, ChangeView } from '../../pipeline/view/change.ts';
import { sizes } from '../../pipeline/view/sizes.ts';
import { count } from '../html/format.ts';
import { form } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import type { PageContext } from '../options.ts';
import { type Layout, linesTable } from './lines.ts';

/** How a change is shown. */
export interface ChangeOptions {
  /** Path of the page. */
  path: string;
  layout: Layout;
  /** Long lines scroll instead of wrapping. */
  long: boolean;
  /** Marks of the files that the person has read; absent where files are not marked. */
  read?: ReadonlySet<string>;
  /** Id of the form that comments on lines belong to; absent where nothing is decided. */
  notes?: string;
}

/** A change with more files, and a file with more changed lines, is folded at first. */
const [maxOpenFiles, maxOpenLines] = [20, 100];

/** The mark of a file, as read: of its path and of what changed in it, so that another change is another mark. */
const readMark = ({ path, hunks }: ChangedFile): string =>
  createHash('sha256')
    .update(JSON.stringify([path, hunks.map(({ lines }) => lines)]))
    .digest('base64url')
    .slice(0, 8);

const fileId = (index: number): string => `file-${index + 1}`;

export function changeSection(context: PageContext, change: ChangeView, options: ChangeOptions): Markup {
  const { files, truncated } = change;
  const { added, removed } = sizes(change);
  return markup`<section id="change" aria-labelledby="change-title"><div class="head"><h2 id="change-title">${count(files.length, 'file')} <span class="plus">+${added}</span> <span class="minus">−${removed}</span></h2>${switches(options)}</div>
${truncated && markup`<p class="box warn">The change is cut here, because it is too long for a page. The branch has all of it.</p>`}
<div class="change"><nav class="tree card" aria-label="Files of the change">${tree(files, options)}</nav>
<div>${files.map((file, i) => fileView(context, file, i, files.length <= maxOpenFiles, options))}</div></div></section>`;
}

const switches = ({ path, layout, long }: ChangeOptions): Markup => {
  const to = (view: Layout, wrap: boolean): string => `${path}?view=${view}&wrap=${wrap ? 'yes' : 'no'}#change`;
  return markup`<p class="row small"><a href="${to('unified', !long)}"${layout === 'unified' && markup` aria-current="true"`}>unified</a> · <a href="${to('split', !long)}"${layout === 'split' && markup` aria-current="true"`}>side by side</a> · <a href="${to(layout, long)}">${long ? 'wrap long lines' : 'do not wrap'}</a></p>`;
};

/** Files by folder, in the order of the change. */
function tree(files: readonly ChangedFile[], { read }: ChangeOptions): Markup {
  const folders = Map.groupBy(
    files.map((file, i) => ({ file, i })),
    ({ file }) => file.path.split('/').slice(0, -1).join('/'),
  );
  const done = read && files.filter((file) => read.has(readMark(file))).length;
  return markup`${done !== undefined && markup`<p class="quiet">${done} of ${files.length} read</p>`}<ul>${[
    ...folders,
  ].map(
    ([folder, some]) =>
      markup`<li><span class="folder">${folder === '' ? 'top folder' : folder}</span><ul>${some.map(({ file, i }) => {
        const seen = read?.has(readMark(file)) === true;
        return markup`<li${seen && markup` class="seen"`}><span class="n">+${file.added} −${file.removed}</span><a href="#${fileId(i)}">${file.path.split('/').at(-1) ?? ''}</a>${seen && ' ✓'}${file.phase === null && markup` <span class="chip wait">not planned</span>`}</li>`;
      })}</ul></li>`,
  )}</ul>`;
}

const ops = { added: 'new', changed: '', deleted: 'deleted' } as const;

function fileView(
  context: PageContext,
  file: ChangedFile,
  index: number,
  few: boolean,
  options: ChangeOptions,
): Markup {
  const seen = options.read?.has(readMark(file)) === true;
  const open = few && !seen && !file.generated && file.added + file.removed <= maxOpenLines;
  return markup`<details class="file" id="${fileId(index)}"${open && markup` open`}><summary><code>${file.path}</code> <span class="plus">+${file.added}</span> <span class="minus">−${file.removed}</span> ${
    ops[file.op] !== '' && markup`<span class="chip">${ops[file.op]}</span>`
  } ${file.generated && markup`<span class="chip">generated</span>`} ${
    file.phase === null
      ? markup`<span class="chip wait">not planned</span>`
      : markup`<span class="quiet">${file.phase}</span>`
  }${seen && markup` <span class="chip good">read</span>`}</summary>
${tools(context, file, index, seen, options)}
${file.notes.length > 0 && markup`<p class="quiet">${file.notes.join('; ')}</p>`}
${file.hunks.length > 0 ? linesTable(file, options.layout, options.long) : markup`<p class="quiet">No lines to show.</p>`}</details>`;
}

function tools(
  context: PageContext,
  file: ChangedFile,
  index: number,
  seen: boolean,
  options: ChangeOptions,
): Markup | null {
  const { path, read, notes } = options;
  if (read === undefined && notes === undefined) return null;
  return markup`<div class="tools">${
    read &&
    form(
      context,
      `${path}/read`,
      markup`<input type="hidden" name="mark" value="${readMark(file)}"><input type="hidden" name="read" value="${seen ? 'no' : 'yes'}"><input type="hidden" name="at" value="${fileId(index + (seen ? 0 : 1))}"><button type="submit" class="quiet small">${seen ? 'Mark as not read' : 'Mark as read'}<span class="hidden">: ${file.path}</span></button>`,
    )
  }${
    notes !== undefined &&
    markup`<details><summary>Comment on a line</summary><p class="quiet">Comments go with “Ask for rework”, each with its file and line.</p>${note(file, index, 0, notes)}${note(file, index, 1, notes)}</details>`
  }</div>`;
}

/** Fields of one comment; they belong to the form of the rework, wherever they stand on the page. */
const note = ({ path }: ChangedFile, index: number, n: number, formId: string): Markup =>
  markup`<div class="note"><input type="hidden" name="note-file" value="${path}" form="${formId}"><label>Line <input name="note-line" inputmode="numeric" maxlength="7" form="${formId}"></label><label>Comment <span class="hidden">${n + 1} on file ${index + 1}</span><textarea name="note-text" rows="2" maxlength="2000" form="${formId}"></textarea></label></div>`;
