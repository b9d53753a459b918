import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { seccompFilter } from '../../../../adapters/local/sandbox/isolation/seccomp.ts';
import { makeJob, makeWorld, packageRoot, project, runJob, type World } from '../../contract/phase-fixtures.ts';

const worlds: World[] = [];
const folder = mkdtempSync(join(tmpdir(), 'dd-walls-'));
afterAll(() => {
  for (const one of worlds) one.remove();
  rmSync(folder, { recursive: true, force: true });
});
const worldOf = (agent: string): World => {
  const world = makeWorld(project, { 'agent.mjs': agent });
  worlds.push(world);
  return world;
};

describe('the filter of system calls', () => {
  const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
  const sources = {
    'a.c':
      '#include <pthread.h>\nstatic void *f(void *x) { return x; }\nint main(void) { pthread_t t; return pthread_create(&t, 0, f, 0) || pthread_join(t, 0); }',
    'A.java':
      'public class A { public static void main(String[] a) throws Exception { Thread t = new Thread(() -> System.out.println("ok")); t.start(); t.join(); } }',
    'a.rs': 'fn main() { std::thread::spawn(|| println!("ok")).join().unwrap(); }',
    'a.go': 'package main\nfunc main() { c := make(chan string); go func() { c <- "ok" }(); println(<-c) }',
  };
  const node = `const { Worker } = require('worker_threads'); require('http').createServer((q, s) => s.end('ok')).listen(0, function () { fetch('http://127.0.0.1:' + this.address().port).then((r) => r.text()).then((t) => { new Worker('', { eval: true }).on('exit', () => { console.log(t); process.exit(0); }); }); });`;
  const python =
    'import asyncio, multiprocessing as m, sqlite3, ssl; q = m.Queue(); p = m.Process(target=q.put, args=("ok",)); p.start(); print(q.get()); p.join()';
  const programs: [string, string][] = [
    ['node', `node -e ${JSON.stringify(node)}`],
    [
      'git',
      'git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m ok && git log --format=%s && git gc -q',
    ],
    ['perl', `perl -e 'if (my $p = fork) { waitpid $p, 0 } else { print "ok" }'`],
    [
      'chromium',
      `chromium --headless --no-sandbox --disable-gpu --user-data-dir=$PWD/profile --dump-dom 'data:text/html,<p>ok</p>' 2>/dev/null`,
    ],
    ['python3', `python3 -c ${JSON.stringify(python)}`],
    ['gcc', `gcc -pthread -o a a.c && ./a && echo ok`],
    ['javac', `javac A.java && java A`],
    ['rustc', `rustc -o r a.rs && ./r`],
    ['go', `GOCACHE=$PWD/go go run a.go 2>&1`],
  ];
  // What this project installs is always there; the other toolchains are tried where they are.
  test.each(programs.filter(([program], index) => index < 4 || has(program)))('lets %s work', (_program, script) => {
    const filter = join(folder, 'filter');
    writeFileSync(filter, seccompFilter('x64'));
    const work = mkdtempSync(join(folder, 'work-'));
    for (const [name, source] of Object.entries(sources)) writeFileSync(join(work, name), source);
    const fd = openSync(filter, 'r');
    const { stdout, stderr, status } = spawnSync(
      'bwrap',
      ['--dev-bind', '/', '/', '--seccomp', '3', '--chdir', work, '--', 'bash', '-c', script],
      {
        stdio: ['ignore', 'pipe', 'pipe', fd],
        encoding: 'utf8',
        env: { ...process.env, HOME: process.env.HOME ?? '' },
      },
    );
    expect([status, stdout.includes('ok') || stderr.includes('ok'), stderr]).toEqual([0, true, stderr]);
  });
});

describe('a phase', () => {
  test('has no descriptor that its owner inherited', () => {
    const world = worldOf(`import fs from 'node:fs';
      const links = fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } });
      console.log('FOUND ' + links.filter((l) => l.startsWith('/') && !l.startsWith('/dev/null') && !l.startsWith('/proc/')).join());`);
    const secret = join(folder, 'secret');
    mkdirSync(secret);
    const owner = join(folder, 'owner.mjs');
    const fixtures = join(packageRoot, 'test/machine/contract/phase-fixtures.ts');
    writeFileSync(
      owner,
      `import { makeJob, runJob } from ${JSON.stringify(fixtures)};
       const world = JSON.parse(process.argv[2]);
       const { events } = await runJob(world, makeJob(world));
       console.log(JSON.stringify(events));`,
    );
    const out = execFileSync(
      'bash',
      [
        '-c',
        'exec 200< "$1" 201< "$1"; exec "$2" "$3" "$4"',
        '-',
        secret,
        process.execPath,
        owner,
        JSON.stringify(world),
      ],
      { encoding: 'utf8' },
    );
    expect(/FOUND ([^"\\]*)/.exec(out)?.[1]).toBe('');
  });

  test.runIf(process.getuid?.() === 0)('has a user of its own on the host', async () => {
    const users: number[] = [];
    for (let phase = 0; phase < 2; phase++) {
      const world = worldOf(`console.log('up'); await new Promise((r) => setTimeout(r, 300));`);
      // Other tests may run phases of their own meanwhile.
      const mark = `phase-${process.pid}-${phase}`;
      await runJob(world, makeJob(world, { sandbox: { env: { MARK: mark } } }), {
        onEvent(event) {
          if (event.type !== 'log' || !event.text.includes('up')) return;
          for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
            try {
              if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)) continue;
              users.push(Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]));
            } catch {
              // it has ended
            }
          }
        },
      });
    }
    const distinct = [...new Set(users)];
    expect(distinct).toHaveLength(2);
    for (const user of distinct) expect([0, 65_534]).not.toContain(user);
  });

  test('starts although somebody put pipes and links where the folders of phases are', async () => {
    const names = ['0'.repeat(18), '1'.repeat(18), '2'.repeat(18)].map((hex) => join(tmpdir(), `drydock-${hex}`));
    try {
      for (const name of names) mkdirSync(join(name, 'host'), { recursive: true });
      const [pipe = '', link = '', foreign = ''] = names.map((name) => join(name, 'host', 'owner'));
      execFileSync('mkfifo', [pipe, foreign]);
      execFileSync('ln', ['-s', '/dev/zero', link]);
      if (process.getuid?.() === 0) chownSync(join(names[2] ?? '', ''), 4242, 4242);
      const world = worldOf('');
      expect((await runJob(world, makeJob(world))).failure).toBeUndefined();
    } finally {
      for (const name of names) rmSync(name, { recursive: true, force: true });
    }
  });

  test('that makes very many empty files ends at the limit of its disk', async () => {
    const world = worldOf(
      `import fs from 'node:fs'; for (let i = 0; ; i++) { fs.mkdirSync('d' + i); for (let j = 0; j < 1000; j++) fs.writeFileSync('d' + i + '/' + j, ''); if (i > 18) await new Promise((r) => setTimeout(r, 500)); if (i > 60) break; }`,
    );
    const end = await runJob(world, makeJob(world, { limits: { diskMb: 64 } }));
    expect(end.failure).toMatchObject({
      name: 'LimitExceeded',
      message: expect.stringMatching(/^disk_mb: .*files of at least 4 KB/),
    });
  });
});
