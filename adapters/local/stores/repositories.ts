import { type Credentials, mintedCredential } from '../../../core/ports/host/credentials.ts';
import type { Baselines } from '../../../core/ports/store/baselines.ts';
import type { Firings } from '../../../core/ports/store/firings.ts';
import type { RunLinks } from '../../../core/ports/store/run-links.ts';
import type { SeenSpecs } from '../../../core/ports/store/seen-specs.ts';
import type { Database } from '../storage/database.ts';
import { parseBody } from './tables.ts';

export function createBaselines(db: Database): Baselines {
  const insert = db.prepare('INSERT INTO baselines (key, runId) VALUES (?, ?) ON CONFLICT (key) DO NOTHING');
  const read = db.prepare('SELECT runId FROM baselines WHERE key = ?');
  return {
    async remember(key, runId) {
      await db.write(() => insert.run(key, runId));
    },
    find: async (key) => text(read.get(key)?.runId),
  };
}

export function createFirings(db: Database): Firings {
  const insert = db.prepare('INSERT INTO firings (key, note) VALUES (?, ?) ON CONFLICT (key) DO NOTHING');
  const read = db.prepare('SELECT note FROM firings WHERE key = ?');
  const find = async (key: string): Promise<string | undefined> => text(read.get(key)?.note);
  return {
    find,
    async claim(key, note) {
      await db.write(() => insert.run(key, note));
      return (await find(key)) ?? note;
    },
  };
}

export function createSeenSpecs(db: Database): SeenSpecs {
  const insert = db.prepare(
    'INSERT INTO seenSpecs (repository, blob, note) VALUES (?, ?, ?) ON CONFLICT (repository, blob) DO NOTHING',
  );
  const blobs = db.prepare('SELECT blob FROM seenSpecs WHERE repository = ?');
  const mark = db.prepare('INSERT INTO importedRepositories (repository) VALUES (?) ON CONFLICT DO NOTHING');
  const marked = db.prepare('SELECT 1 FROM importedRepositories WHERE repository = ?');
  return {
    blobs: async (repository) => new Set(blobs.all(repository).map((row) => String(row.blob))),
    async remember(repository, blob, note) {
      await db.write(() => insert.run(repository, blob, note));
    },
    imported: async (repository) => marked.get(repository) !== undefined,
    async markImported(repository) {
      await db.write(() => mark.run(repository));
    },
  };
}

export function createRunLinks(db: Database): RunLinks {
  const put = db.prepare(
    `INSERT INTO runLinks (repository, key, runId) VALUES (?, ?, ?)
     ON CONFLICT (repository, key) DO UPDATE SET runId = excluded.runId`,
  );
  const read = db.prepare('SELECT runId FROM runLinks WHERE repository = ? AND key = ?');
  return {
    async link(repository, key, runId) {
      await db.write(() => put.run(repository, key, runId));
    },
    find: async (repository, key) => text(read.get(repository, key)?.runId),
  };
}

export function createCredentials(db: Database): Credentials {
  const put = db.prepare(
    `INSERT INTO credentials (owner, id, body) VALUES (?, ?, ?)
     ON CONFLICT (owner, id) DO UPDATE SET body = excluded.body`,
  );
  const ofOwner = db.prepare('SELECT body FROM credentials WHERE owner = ? ORDER BY id');
  const owners = db.prepare('SELECT DISTINCT owner FROM credentials ORDER BY owner');
  const remove = db.prepare('DELETE FROM credentials WHERE owner = ? AND id = ?');
  return {
    async remember(credential) {
      await db.write(() => put.run(credential.owner, credential.id, JSON.stringify(credential)));
    },
    of: async (owner) => ofOwner.all(owner).map((row) => parseBody(mintedCredential, row, 'A minted credential')),
    owners: async () => owners.all().map((row) => String(row.owner)),
    async forget(owner, id) {
      await db.write(() => remove.run(owner, id));
    },
  };
}

const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));
