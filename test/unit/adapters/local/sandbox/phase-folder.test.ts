import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asOrdinaryUser } from '../../../../support/ordinary-user.ts';

const module = join(import.meta.dirname, '../../../../../adapters/local/sandbox/phase-folder.ts');

test('a phase folder is removed, whatever rights its commands have left, and no right outside changes', () => {
  const parent = mkdtempSync(join(tmpdir(), 'drydock-folder-'));
  try {
    const folder = join(parent, 'phase');
    const tool = join(parent, 'tool');
    writeFileSync(tool, '', { mode: 0o500 });
    for (const [name, mode] of [
      ['workspace/a', 0],
      ['home/go/pkg/mod/m@v1', 0o555],
      ['out/x', 0o300],
      ['tmp/1', 0o400],
    ] as const) {
      const path = join(folder, name);
      mkdirSync(join(path, 'below'), { recursive: true });
      writeFileSync(join(path, 'below/file'), '');
      for (const each of [join(path, 'below'), path]) chmodSync(each, mode);
    }
    mkdirSync(join(folder, 'tools'));
    linkSync(tool, join(folder, 'tools/tool'));
    asOrdinaryUser(`(await import('${module}')).removeFolder('${folder}')`);
    expect(existsSync(folder)).toBe(false);
    expect(statSync(tool).mode & 0o777).toBe(0o500);
  } finally {
    execFileSync('chmod', ['-R', 'u+rwX', parent]);
    rmSync(parent, { recursive: true });
  }
});
