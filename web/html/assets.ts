import { createHash } from 'node:crypto';
import { script } from './script.ts';
import { style } from './style.ts';

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5c6b"/><path d="M7 9v14h18V9M12 9v8h8V9" fill="none" stroke="#fff" stroke-width="3" stroke-linejoin="round" stroke-linecap="round"/></svg>`;

/** A file whose name contains the hash of its content, so that browsers may cache it forever. */
const asset = (name: string, ending: string, type: string, body: string) => ({
  path: `/assets/${name}-${createHash('sha256').update(body).digest('hex').slice(0, 12)}.${ending}`,
  type,
  body,
});

export const assets = {
  style: asset('drydock', 'css', 'text/css; charset=utf-8', style),
  script: asset('drydock', 'js', 'text/javascript; charset=utf-8', script),
  icon: asset('icon', 'svg', 'image/svg+xml', icon),
};
