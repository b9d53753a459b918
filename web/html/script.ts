/**
 * The only script of the pages, a static module. Every page is complete without it: it keeps pages of running work
 * fresh, adds fields for comments on lines, and moves by keys.
 */
export const script = `const main = document.getElementById('main');
const live = main.dataset.live;
const piece = (tag, css, text) => Object.assign(document.createElement(tag), { className: css, textContent: text });

/* Replaces what is marked as fresh by what the same page has now; what a person is using stays as it is. */
let loading = false, again = false;
const refresh = async () => {
  if (loading) { again = true; return; }
  loading = true;
  const answer = await fetch(location.href, { headers: { accept: 'text/html', 'x-drydock-refresh': '1' } }).catch(() => undefined);
  if (answer?.status === 401 || answer?.redirected) location.reload();
  else if (answer?.ok) {
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
    document.title = next.title;
    for (const part of document.querySelectorAll('[data-fresh]')) {
      const other = next.getElementById(part.id);
      if (!other || part.contains(document.activeElement) || part.innerHTML === other.innerHTML) continue;
      part.replaceChildren(...other.childNodes);
    }
    if (!next.getElementById('main').dataset.live) source?.close();
  }
  loading = false;
  if (again) { again = false; later(); }
};
let timer;
const later = () => { clearTimeout(timer); timer = setTimeout(refresh, 250); };

let source;
const keys = new Set();
const take = (item) => {
  if (item.kind !== 'phase') {
    const key = item.kind === 'event' ? item.key : item.status + item.state + item.cost;
    if (keys.has(key)) return;
    keys.add(key);
    later();
    return;
  }
  const list = document.querySelector('[data-log]');
  if (!list) return;
  list.closest('section').hidden = false;
  const row = document.createElement('li');
  row.append(piece('time', '', (item.at ?? '').slice(11, 19)), piece('span', 'icon', item.icon), piece('span', 'text', item.text), piece('span', 'took', item.took ?? ''));
  list.append(row);
  while (list.children.length > 500) list.firstChild.remove();
};
if (live === 'stream') {
  source = new EventSource(main.dataset.follow);
  source.onmessage = ({ data }) => take(JSON.parse(data));
} else if (live === 'poll') {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(main.dataset.follow).catch(() => undefined);
    if (answer?.status === 401) location.reload();
    else if (answer?.ok) for (const item of await answer.json()) take(item);
  }, 5000);
}
else if (live === 'slow') setInterval(() => document.hidden || refresh(), 30000);

/* A click on the number of a line writes its place into the fields of its file. */
document.addEventListener('click', ({ target }) => {
  const number = target instanceof Element && target.closest('td.ln[data-n]');
  const file = number && number.closest('.file');
  const notes = file && file.querySelector('.tools details');
  if (!notes) return;
  notes.open = true;
  let free = [...notes.querySelectorAll('.note')].find((note) => !note.querySelector('textarea').value);
  if (!free) {
    const last = [...notes.querySelectorAll('.note')].at(-1);
    free = last.cloneNode(true);
    for (const field of free.querySelectorAll('input:not([type=hidden]), textarea')) field.value = '';
    last.after(free);
  }
  free.querySelector('input:not([type=hidden])').value = number.dataset.n;
  free.querySelector('textarea').focus();
});

/* j and k move through lists and files, Enter opens: the browser's own. */
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, textarea, select')) return;
  const way = { j: 1, n: 1, k: -1, p: -1 }[event.key];
  const stops = way && [...document.querySelectorAll('.runs a.title, .need a, .file > summary')];
  if (!stops?.length) return;
  const at = stops.indexOf(document.activeElement);
  stops[Math.min(Math.max(at + way, 0), stops.length - 1)].focus();
});
`;
