import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notifier, SentNotification } from '../../../core/ports/runtime/notifier.ts';

/**
 * Notifications on one machine, one file each, shown on the pages. The file name contains the key, so each is stored
 * once.
 */
export function createOutbox(folder: string, now: () => number): Notifier & { list(): Promise<SentNotification[]> } {
  return {
    async notify(message) {
      await mkdir(folder, { recursive: true });
      const name = `${createHash('sha256').update(message.key).digest('hex').slice(0, 32)}.json`;
      const body: SentNotification = { ...message, at: new Date(now()).toISOString() };
      const temporary = join(folder, `${name}.${randomUUID()}`);
      await writeFile(temporary, `${JSON.stringify(body, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
      try {
        // A link is created atomically: no reader sees a partial message, and the first message of a key stays.
        await link(temporary, join(folder, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      } finally {
        await rm(temporary, { force: true });
      }
    },
    async list() {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'));
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
      return texts
        .map((text) => JSON.parse(text) as SentNotification)
        .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.key < b.key ? -1 : 1));
    },
  };
}
