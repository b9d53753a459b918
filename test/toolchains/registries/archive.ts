import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Files = Readonly<Record<string, string>>;

function packed(files: Files, pack: (folder: string) => void): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-archive-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'in', name)), { recursive: true });
      writeFileSync(join(folder, 'in', name), content);
    }
    pack(folder);
    return readFileSync(join(folder, 'out'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A zip archive, made by Python, with the files in their order. */
export const zip = (files: Files): Buffer =>
  packed(files, (folder) =>
    execFileSync(
      'python3',
      [
        '-c',
        'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:\n for n in sys.argv[2:]: z.write("in/" + n, n)',
        join(folder, 'out'),
        ...Object.keys(files),
      ],
      { cwd: folder },
    ),
  );

/** A gzipped tar archive. */
export const tarGz = (files: Files): Buffer =>
  packed(files, (folder) =>
    execFileSync('tar', ['-czf', join(folder, 'out'), '-C', join(folder, 'in'), ...Object.keys(files)]),
  );
