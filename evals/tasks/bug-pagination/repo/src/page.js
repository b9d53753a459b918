/** The items of a page (from 1), and how many pages there are. */
export function pageOf(items, page, size) {
  const pages = Math.floor(items.length / size);
  if (page < 1 || page > pages) return { items: [], pages };
  return { items: items.slice((page - 1) * size, page * size), pages };
}
