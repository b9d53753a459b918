import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { DrydockError } from '../../../core/errors.ts';
import type { Credentials } from '../../../core/ports/host/credentials.ts';
import type { Outbox } from '../../../core/ports/store/outbox.ts';
import type { Deps } from '../../../pipeline/deps.ts';
import { openDatabase, unusable } from '../storage/database.ts';
import { createAdmission } from './admission.ts';
import { convertDynamo } from './convert.ts';
import { createGates } from './gates.ts';
import { createLedger } from './ledger.ts';
import { createOutbox } from './outbox.ts';
import { createPhases } from './phases.ts';
import { createBaselines, createCredentials, createFirings, createRunLinks, createSeenSpecs } from './repositories.ts';
import { completeRunList } from './run-list.ts';
import { createRuns } from './runs.ts';
import { createTables } from './tables.ts';

export interface LocalStores {
  ports: Pick<
    Deps,
    'runs' | 'phases' | 'gates' | 'ledger' | 'admission' | 'baselines' | 'seenSpecs' | 'runLinks' | 'firings'
  >;
  credentials: Credentials;
  outbox: Outbox;
  close(): void;
}

/**
 * Opens the stores of a data folder: one SQLite file in this process, which nobody else can reach. The records of an
 * earlier version are converted once; its file is kept as `dynamo.db.converted`.
 * @throws DataFolderBusy, FileUnreadable, RecordUnreadable.
 */
export function openStores(dataDir: string): LocalStores {
  const file = join(dataDir, 'stores.sqlite');
  const old = join(dataDir, 'dynamo.db');
  const earlier = existsSync(old) ? old : undefined;
  const db = openDatabase(file, {
    schema: (tables) => prepareTables(tables, earlier),
    what: 'store',
    remedy: 'Restore it from a copy, or name another data folder: --data DIR.',
  });
  if (earlier) renameSync(earlier, `${earlier}.converted`);
  return {
    ports: {
      runs: createRuns(db),
      phases: createPhases(db),
      gates: createGates(db),
      ledger: createLedger(db),
      admission: createAdmission(db),
      baselines: createBaselines(db),
      seenSpecs: createSeenSpecs(db),
      runLinks: createRunLinks(db),
      firings: createFirings(db),
    },
    credentials: createCredentials(db),
    outbox: createOutbox(db),
    close: () => db.close(),
  };
}

/** Creates the tables and converts the earlier file in one transaction, so that a crash repeats both or neither. */
function prepareTables(db: DatabaseSync, earlier: string | undefined): void {
  db.exec('BEGIN EXCLUSIVE');
  const created = createTables(db);
  if (earlier !== undefined) {
    const remedy = `Move ${earlier} away to continue without its records, or name another data folder: --data DIR.`;
    if (!created) {
      const message = `${earlier} was written by an earlier version after it was converted.`;
      throw new DrydockError('RecordUnreadable', message, { remedy });
    }
    try {
      convertDynamo(earlier, db);
    } catch (error) {
      // The fault is in the file that is read, not in the database that is open.
      throw unusable(error, earlier, { what: 'store of an earlier version', remedy });
    }
  }
  completeRunList(db);
  db.exec('COMMIT');
}

/** Opens stores in a temporary folder. @throws FileUnreadable when SQLite or the disk does not work. */
export function probeStores(): void {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-probe-'));
  try {
    openStores(folder).close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
