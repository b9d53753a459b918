import { expect } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** What an attempt got, for the table of attempts. */
    shown?: string;
  }
}

/** Room in a row of the table. */
const maxShown = 160;

/** Notes what an attempt got. @param value A text, or what JSON can write. */
export function shown(task: { meta: { shown?: string } }, value: unknown): void {
  expect(value, 'the attempt shows nothing').not.toBeUndefined();
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  task.meta.shown = text.replaceAll(/\s+/g, ' ').trim().slice(0, maxShown);
}
