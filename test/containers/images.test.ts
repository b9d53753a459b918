/** The images as `drydock images` builds and lists them, and a phase in each toolchain. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { contextDigest, writeContexts } from '../../adapters/local/containers/images/contexts.ts';
import { makeJob, makeWorld, packageRoot, runJob } from '../machine/contract/phase-fixtures.ts';
import { cliAsync, type Said } from '../support/cli.ts';
import { startRegistry } from '../support/containers/registry.ts';
import { inContainers } from '../support/containers/walls.ts';
import { createWorld, type World } from '../support/world.ts';

const toolchains = ['python', 'java', 'go', 'rust'] as const;
interface Listed {
  engine: string;
  images: {
    image: string;
    present: boolean;
    name: string | null;
    digest: string | null;
    bytes: number;
    built?: boolean;
  }[];
}
const listed = (said: Said): Listed => {
  expect(said.code, said.stderr).toBe(0);
  return said.json as unknown as Listed;
};

let world: World;
let built: Listed;
beforeAll(async () => {
  world = createWorld();
  built = listed(await cliAsync(world, 'images', 'build', ...toolchains, '--base', inject('debian'), '--json'));
}, 900_000);
afterAll(() => world.remove());

describe('drydock images', () => {
  test('build names the images with their digests, and builds none twice', async () => {
    expect(built.images.map(({ image }) => image)).toEqual([...toolchains]);
    for (const { digest, name, bytes } of built.images) {
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(name).toMatch(/^localhost\/drydock-/);
      expect(bytes).toBeGreaterThan(1e8);
    }
    const again = listed(await cliAsync(world, 'images', 'build', 'go', '--base', inject('debian'), '--json'));
    expect(again.images).toMatchObject([{ image: 'go', built: false, digest: built.images[2]?.digest }]);
  });

  test('list says what the engine has of this version', async () => {
    const { engine, images } = listed(await cliAsync(world, 'images', 'list', '--json'));
    expect(engine).toMatch(/^podman \d/);
    expect(images.map(({ image, present }) => [image, present])).toEqual(
      ['gateway', 'node', ...toolchains].map((image) => [image, true]),
    );
  });

  test('an unknown image, a missing base and a registry that is not there are named faults', async () => {
    const said = await Promise.all([
      cliAsync(world, 'images', 'build', 'ruby', '--json'),
      cliAsync(world, 'images', 'build', 'gateway', '--again', '--base', 'localhost/none:1', '--json'),
      cliAsync(world, 'images', 'pull', '--json'),
      cliAsync(world, 'images', 'pull', '--from', 'localhost/none', '--json'),
    ]);
    expect(said.map(({ code, json }) => [code, (json.error as { name: string }).name])).toEqual([
      [2, 'UsageError'],
      [4, 'ImageMissing'],
      [2, 'UsageError'],
      [4, 'ImageMissing'],
    ]);
  });

  test('doctor says which wall works, and with what', async () => {
    const { json } = await cliAsync(world, 'doctor', '--data', world.data, '--json');
    const checks = json.checks as { name: string; ok: boolean; detail: string }[];
    expect(checks.find(({ name }) => name === 'sandbox')).toMatchObject({ ok: true, detail: 'bubblewrap, nested' });
    const row = checks.find(({ name }) => name === 'containers');
    expect(row).toMatchObject({ ok: true });
    expect(row?.detail).toMatch(/^podman \d.*memory by cgroup\d, pids by cgroup\d, cpu by cgroup\d$/);
  });
});

describe('the script that builds in an account and by hand', () => {
  test('builds on a base by its digest, and the registry gets one image for a tag, not a list', async () => {
    const registry = await startRegistry();
    const folder = mkdtempSync(join(tmpdir(), 'drydock-contexts-'));
    try {
      await writeContexts(packageRoot, folder);
      const repository = `${registry.host}/drydock`;
      const env = {
        ...process.env,
        ENGINE: 'podman',
        PLATFORM: process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64',
        DEBIAN: inject('debian'),
        PUSH_FLAGS: '--tls-verify=false',
      };
      const run = (...args: string[]) => promisify(execFile)('sh', ['build.sh', ...args], { cwd: folder, env });
      await run(repository, '9.9.9', 'gateway');
      const [manifest, label] = [
        registry.manifest('drydock', 'gateway-9.9.9'),
        execFileSync('podman', ['image', 'inspect', '--format', '{{json .Labels}}', `${repository}:gateway-9.9.9`]),
      ];
      expect(manifest?.layers.length).toBeGreaterThan(3);
      expect(JSON.parse(String(label))).toMatchObject({
        'dev.drydock.image': 'gateway',
        'dev.drydock.context': contextDigest(folder, 'gateway'),
      });
      await run(repository, '9.9.9', 'gateway');
      expect(registry.manifest('drydock', 'gateway-9.9.9')?.config).toEqual(manifest?.config);
      execFileSync('podman', ['image', 'rm', `${repository}:gateway-9.9.9`], { stdio: 'ignore' });
    } finally {
      await registry.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 600_000);
});

describe.each(['gateway', 'node', ...toolchains])('the image %s', (image) => {
  const podman = (...args: string[]): string => execFileSync('podman', args, { encoding: 'utf8' }).trim();

  test('has no setuid program, and its volumes belong to the user', async () => {
    const { images } = listed(await cliAsync(world, 'images', 'list', '--json'));
    const name = images.find((each) => each.image === image)?.name ?? '';
    const root = podman('image', 'mount', name);
    try {
      expect(execFileSync('find', [root, '-xdev', '-type', 'f', '-perm', '/6000'], { encoding: 'utf8' })).toBe('');
      const { User, Volumes, Entrypoint } = JSON.parse(
        podman('image', 'inspect', '--format', '{{json .Config}}', name),
      ) as {
        User: string;
        Volumes: Record<string, object>;
        Entrypoint: string[];
      };
      expect(User).toBe('1000:1000');
      for (const volume of Object.keys(Volumes))
        expect(execFileSync('stat', ['-c', '%u:%g', `${root}${volume}`], { encoding: 'utf8' }).trim(), volume).toBe(
          '1000:1000',
        );
      const mode = execFileSync('stat', ['-c', '%a', `${root}${Entrypoint[0]}`], { encoding: 'utf8' }).trim();
      expect(mode).toBe(image === 'gateway' ? '755' : '111');
    } finally {
      podman('image', 'unmount', name);
    }
  });
});

/** A project of each toolchain, with its own tests, and a program in C where the toolchain has native modules. */
const projects: Record<
  (typeof toolchains)[number],
  { runtime: string; testCommand: string; files: Record<string, string> }
> = {
  python: {
    runtime: 'python:3.13',
    testCommand:
      'python -m venv /tmp/venv && /tmp/venv/bin/pip --version && python -m unittest -v && gcc -shared -fPIC $(python3-config --includes) -o /tmp/x.so x.c',
    files: {
      'add.py': 'def add(a, b):\n    return a + b\n',
      'test_add.py':
        'import unittest\nfrom add import add\n\nclass T(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(add(1, 2), 3)\n',
      'x.c': '#include <Python.h>\n',
      '.gitignore': '__pycache__/\n',
    },
  },
  java: {
    runtime: 'maven:3-eclipse-temurin-21',
    testCommand:
      'mvn --version && gradle --version && mkdir -p /tmp/out && javac -d /tmp/out Add.java && java -ea -cp /tmp/out Add',
    files: {
      'Add.java':
        'class Add { public static void main(String[] a) { assert 1 + 2 == 3; System.out.println("ok"); } }\n',
    },
  },
  go: {
    runtime: 'golang:1',
    testCommand: 'GOCACHE=/tmp/go CGO_ENABLED=1 go test ./...',
    files: {
      'go.mod': 'module example.com/add\n\ngo 1.21\n',
      'add.go': 'package add\n\nfunc Add(a, b int) int { return a + b }\n',
      'add_test.go':
        'package add\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fatal("wrong")\n\t}\n}\n',
    },
  },
  rust: {
    runtime: 'rust:1',
    testCommand: 'CARGO_TARGET_DIR=/tmp/target cargo test --offline',
    files: {
      'Cargo.toml': '[package]\nname = "add"\nversion = "0.1.0"\nedition = "2021"\n',
      'Cargo.lock':
        '# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 4\n\n[[package]]\nname = "add"\nversion = "0.1.0"\n',
      'src/lib.rs': 'pub fn add(a: i32, b: i32) -> i32 { a + b }\n\n#[test]\nfn adds() { assert_eq!(add(1, 2), 3); }\n',
    },
  },
};

test.each(toolchains)('a phase of a project of %s is verified in its image', async (name) => {
  const { files, runtime, testCommand } = projects[name];
  const made = makeWorld(files);
  try {
    const limits = { memoryMb: 2048, pids: 512 };
    const job = makeJob(made, { limits, sandbox: { runtime, testCommand }, spec: { phase: 'verify', agent: null } });
    const end = await runJob(made, job, { sandbox: inContainers() });
    expect(end.result, JSON.stringify(end.failure ?? end.result)).toMatchObject({ outcome: 'verified' });
    expect(end.image).toBe(built.images.find(({ image }) => image === name)?.digest);
    expect(end.result?.versions[name]).toMatch(/^\d+\.\d+/);
  } finally {
    made.remove();
  }
});
