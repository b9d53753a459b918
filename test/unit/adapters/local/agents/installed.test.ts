import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addAgent, installedVersion } from '../../../../../adapters/local/agents/installed.ts';

const npmPath = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
/** An npm that installs what the lock file says, and codex only once the file `gate` exists. */
const npm = `#!/bin/sh
"$NPM" config get global package-lock ignore-scripts > "settings-$1"
if [ "$1" != install ]; then exit 0; fi
touch "$GATE.asked"
if grep -q '"codex"' package.json; then while [ ! -e "$GATE" ] && [ -d "$PWD" ]; do sleep 0.02; done; fi
mkdir -p node_modules/tool
cp package-lock.json node_modules/.package-lock.json
echo '{"version": "1.0.0"}' > node_modules/tool/package.json
`;

let root: string;
let data: string;
let gate: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'add-'));
  data = join(root, 'data');
  gate = join(root, 'gate');
  for (const name of ['codex', 'pi']) {
    const pins = join(root, 'sandbox/images/agents', name);
    mkdirSync(pins, { recursive: true });
    writeFileSync(
      join(pins, 'package.json'),
      JSON.stringify({ name, dependencies: { tool: '1.0.0' }, ...(name === 'pi' ? { scripts: { setup: 'x' } } : {}) }),
    );
    writeFileSync(join(pins, 'package-lock.json'), '{"packages": {"node_modules/tool": {"integrity": "sha512-x"}}}');
  }
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'bin/npm'), npm, { mode: 0o755 });
  vi.stubEnv('PATH', `${join(root, 'bin')}:${process.env.PATH}`);
  vi.stubEnv('GATE', gate);
  vi.stubEnv('NPM', npmPath);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});
const names = () => readdirSync(join(data, 'agents')).sort();

test('an installation leaves another one that is at work alone, also of the same agent', async () => {
  const first = addAgent(root, data, 'codex');
  await expect.poll(() => existsSync(`${gate}.asked`)).toBe(true);
  const same = addAgent(root, data, 'codex');
  await addAgent(root, data, 'pi');
  writeFileSync(gate, '');
  await Promise.all([first, same]);
  expect([installedVersion(data, 'codex'), installedVersion(data, 'pi')]).toEqual(['1.0.0', '1.0.0']);
  expect(names()).toEqual(['codex', 'pi']);
});

test('what a killed installation left is removed; one before it is replaced, and a link is not followed', async () => {
  const other = join(root, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'kept'), '');
  mkdirSync(join(data, 'agents', `.add-${spawnSync('true').pid}-x`), { recursive: true });
  symlinkSync(other, join(data, 'agents/pi'));
  for (const _again of [1, 2]) await addAgent(root, data, 'pi');
  expect(names()).toEqual(['pi']);
  expect([installedVersion(data, 'pi'), readdirSync(other)]).toEqual(['1.0.0', ['kept']]);
});

test('settings in the .npmrc of the user do not leave out the lock file or the setup', async () => {
  const file = join(root, 'npmrc');
  writeFileSync(file, 'global=true\npackage-lock=false\nignore-scripts=true\n');
  vi.stubEnv('npm_config_userconfig', file);
  await addAgent(root, data, 'pi');
  expect(readFileSync(join(data, 'agents/pi/settings-run'), 'utf8').split('\n').slice(0, 3)).toEqual([
    'global=false',
    'package-lock=true',
    'ignore-scripts=false',
  ]);
});
