/** What every `PhaseRunner` does, whatever wall is around its sandboxes: bubblewrap, containers, and a container as on Fargate. */
import { afterAll, describe, expect, test } from 'vitest';
import { blobsByPath, changeManifest } from '../../../core/run/change-set.ts';
import type { PhaseSpec } from '../../../core/run/phase.ts';
import { type Ended, makeJob, makeWorld, project, type runJob, type World } from './phase-fixtures.ts';

export interface WallUnderTest {
  run: typeof runJob;
  /** What is left of the phases that have ended. */
  leftovers(): string[];
  /** The agent's files come as an archive, because they cannot be mounted. */
  unpacks: boolean;
  /** False where a service outside this code does it: limits, and that a phase is cancelled. */
  limits: boolean;
}

const artifact = (end: Ended, name: string): Uint8Array => {
  const bytes = end.artifacts.get(name);
  if (bytes === undefined) throw new Error(`no artifact ${name}: ${JSON.stringify(end.failure ?? end.result)}`);
  return bytes;
};
export const changeOf = (end: Ended) => {
  const manifest = changeManifest.parse(JSON.parse(Buffer.from(artifact(end, 'changeset.json')).toString('utf8')));
  const blobs = blobsByPath({ manifest, blobs: artifact(end, 'changeset.blobs') });
  return { manifest, content: (path: string) => Buffer.from(blobs.get(path) ?? []).toString('latin1') };
};

export function phaseRunnerContract({ run: runJob, leftovers, limits, unpacks }: WallUnderTest): void {
  const worlds: World[] = [];
  const world = (files: Record<string, string>, agent = '', more: Record<string, string> = {}): World => {
    const made = makeWorld(files, { 'agent.mjs': agent, ...more });
    worlds.push(made);
    return made;
  };
  afterAll(() => {
    for (const one of worlds) one.remove();
  });

  describe('build', () => {
    test('new files that the repository ignores are named, and nothing else is left out but installed packages', async () => {
      const w = world(
        { ...project, '.gitignore': '*.log\n/dist/\n', 'test/fixtures/node_modules/old/index.js': '1\n' },
        `import fs from 'node:fs';
       const write = (path, text = 'x') => { fs.mkdirSync(path.replace(/[^/]*$/, './'), { recursive: true }); fs.writeFileSync(path, text); };
       write('out.log'); write('before.log'); for (let i = 0; i < 9; i++) write('dist/' + i + '.js');
       write('test/fixtures/node_modules/old/more.js'); write('fixtures/a[b]/node_modules/x/index.js');
       write('node_modules/x/index.js'); write('app/package.json', '{}'); write('app/node_modules/y/index.js');`,
      );
      const end = await runJob(w, makeJob(w, { sandbox: { setupCommand: 'echo set up > before.log' } }));
      expect(end.result).toMatchObject({ outcome: 'built', hidden: ['dist/ (9 files)', 'out.log'] });
      expect(changeOf(end).manifest.entries.map(({ path }) => path)).toEqual([
        'app/package.json',
        'fixtures/a[b]/node_modules/x/index.js',
        'test/fixtures/node_modules/old/more.js',
      ]);
    });

    test('R17: the change set is what the work tree says: modes, binary, deletion, rename, nested repository, symlink', async () => {
      const w = world(
        { ...project, 'old.txt': 'renamed\n', 'gone.txt': 'x', '.gitattributes': '*.txt text eol=crlf filter=evil\n' },
        `import fs from 'node:fs'; import { execSync } from 'node:child_process';
         fs.writeFileSync('bin.dat', Buffer.from([0, 255, 13, 10])); fs.renameSync('old.txt', 'new.txt'); fs.rmSync('gone.txt');
         fs.writeFileSync('run.sh', 'echo', { mode: 0o755 }); fs.symlinkSync('/etc/passwd', 'link'); fs.writeFileSync('crlf.txt', 'a\\r\\n');
         execSync('git init -q nested && git -C nested -c user.name=a -c user.email=a@b commit -q --allow-empty -m x');
         execSync('git config filter.evil.clean "touch /workspace/filter-ran" && git config core.fsmonitor "touch /workspace/monitor-ran"');`,
      );
      const end = await runJob(w, makeJob(w));
      expect(end.failure).toBeUndefined();
      expect(end.result).toMatchObject({
        outcome: 'built',
        changeSet: true,
        agent: { exitCode: 0 },
        baseline: 'skipped',
      });
      const { manifest, content } = changeOf(end);
      expect(manifest.base).toBe(w.base);
      expect(Object.fromEntries(manifest.entries.map((e) => [e.path, e.op === 'put' ? e.mode : 'delete']))).toEqual({
        'bin.dat': '100644',
        'crlf.txt': '100644',
        'gone.txt': 'delete',
        link: '120000',
        nested: '160000',
        'new.txt': '100644',
        'old.txt': 'delete',
        'run.sh': '100755',
      });
      expect(content('bin.dat')).toBe('\0\u00ff\r\n');
      // As `git add` stores it: the base says `text eol=crlf`.
      expect(content('crlf.txt')).toBe('a\n');
      expect(content('new.txt')).toBe('renamed\n');
      expect(content('link')).toBe('/etc/passwd');
    });

    test('line ends are those of a checkout, recorded as git add stores them, by the attributes of the base alone', async () => {
      const w = world(
        {
          ...project,
          '.gitattributes': '*.bat text eol=crlf\n*.txt text=auto eol=crlf\n*.sh text eol=lf\nraw.* -text\n',
          'a.bat': 'one\ntwo\n',
          'b.bat': 'one\ntwo\n',
          'c.txt': 'one\ntwo\n',
          'bin.txt': 'one\ntwo\0\n',
          'raw.bat': 'one\ntwo\n',
          'flip.js': '1\n2\n3\n',
        },
        `import fs from 'node:fs'; import { execSync } from 'node:child_process';
       const looks = Object.fromEntries(['a.bat', 'c.txt', 'bin.txt', 'raw.bat'].map((f) => [f, fs.readFileSync(f, 'latin1')]));
       looks.status = execSync('git status --porcelain', { encoding: 'utf8' });
       fs.writeFileSync('seen.json', JSON.stringify(looks));
       fs.writeFileSync('b.bat', 'one\\r\\nthree\\r\\n'); fs.writeFileSync('new.bat', 'new\\r\\n'); fs.writeFileSync('new.sh', 'new\\r\\n');
       fs.writeFileSync('flip.js', '1\\r\\n2\\r\\n3\\r\\n');
       fs.writeFileSync('.gitattributes', '* text eol=crlf\\n'); fs.writeFileSync('new.md', 'new\\r\\n');`.replaceAll(
          '\\\\',
          '\\',
        ),
      );
      const end = await runJob(w, makeJob(w));
      const { manifest, content } = changeOf(end);
      expect(JSON.parse(content('seen.json'))).toEqual({
        'a.bat': 'one\r\ntwo\r\n',
        'c.txt': 'one\r\ntwo\r\n',
        'bin.txt': 'one\ntwo\0\n',
        'raw.bat': 'one\ntwo\n',
        status: '',
      });
      const changed = manifest.entries.map(({ path }): [string, string] => [path, content(path)]);
      expect(Object.fromEntries(changed.filter(([path]) => path !== 'seen.json'))).toEqual({
        '.gitattributes': '* text eol=crlf\n',
        'b.bat': 'one\nthree\n',
        'flip.js': '1\r\n2\r\n3\r\n',
        'new.bat': 'new\n',
        'new.md': 'new\r\n',
        'new.sh': 'new\n',
      });
      expect(end.result?.flipped).toEqual(['flip.js: LF to CRLF']);

      const check = `node -e "const t = require('fs').readFileSync('b.bat', 'latin1'); process.exit(t === 'one' + String.fromCharCode(13, 10) + 'three' + String.fromCharCode(13, 10) ? 0 : 1)"`;
      const inputs = new Map(['changeset.json', 'changeset.blobs'].map((name) => [name, artifact(end, name)]));
      const verify = { phase: 'verify' as const, agent: null };
      const verified = await runJob(w, makeJob(w, { inputs, spec: verify, sandbox: { testCommand: check } }));
      expect(verified.result).toMatchObject({ outcome: 'verified' });
    });

    test('a submodule of the base stays as it is, whatever is done in its folder, and can be removed', async () => {
      const submodules = { sub: 'a'.repeat(40), other: 'b'.repeat(40) };
      const agents = {
        'agent.mjs': `import fs from 'node:fs'; import { execSync } from 'node:child_process';
          execSync('git init -q sub && git -C sub -c user.name=a -c user.email=a@b commit -q --allow-empty -m x');
          fs.writeFileSync('sub/new.txt', 'x'); fs.rmSync('other', { recursive: true }); fs.writeFileSync('x.txt', 'x');`,
      };
      const w = makeWorld(project, agents, submodules);
      worlds.push(w);
      const end = await runJob(w, makeJob(w, { spec: { baseline: true } }));
      expect(changeOf(end).manifest.entries.map((e) => `${e.op} ${e.path}`)).toEqual(['delete other', 'put x.txt']);
      const inputs = new Map(['changeset.json', 'changeset.blobs'].map((name) => [name, artifact(end, name)]));
      const verified = await runJob(w, makeJob(w, { inputs, spec: { phase: 'verify', agent: null } }));
      expect(verified.result).toMatchObject({ outcome: 'verified' });
    });

    test('the agent gets its prompt twice, constants for paths, the base in an ordinary repository, and no more', async () => {
      const w = world(
        project,
        `import fs from 'node:fs'; import { execSync } from 'node:child_process';
         const say = (o) => fs.writeFileSync('seen.json', JSON.stringify(o));
         say({ stdin: fs.readFileSync(0, 'utf8'), file: fs.readFileSync(process.env.DRYDOCK_PROMPT_FILE, 'utf8'), cwd: process.cwd(), home: process.env.HOME,
               phase: process.env.DRYDOCK_PHASE, out: process.env.DRYDOCK_OUT, gateway: process.env.DRYDOCK_GATEWAY, own: process.env.OWN,
               head: execSync('git rev-parse HEAD').toString().trim(), status: execSync('git status --porcelain -uno').toString(), tmp: process.env.TMPDIR });`,
      );
      const end = await runJob(w, makeJob(w, { sandbox: { env: { OWN: 'value' } } }));
      expect(JSON.parse(changeOf(end).content('seen.json'))).toEqual({
        stdin: 'Greet politely.',
        file: 'Greet politely.',
        cwd: '/workspace',
        home: '/home/agent',
        phase: 'build',
        out: '/out',
        gateway: 'http://127.0.0.1:8787',
        own: 'value',
        head: w.base,
        status: '',
        tmp: '/tmp',
      });
    });

    test('R17: a file changed without changing its size or time is found', async () => {
      const w = world(
        { ...project, 'a.txt': 'one\n' },
        `import fs from 'node:fs'; const s = fs.statSync('a.txt'); fs.writeFileSync('a.txt', 'two\\n'); fs.utimesSync('a.txt', s.atime, s.mtime);`,
      );
      const end = await runJob(w, makeJob(w));
      expect(changeOf(end).manifest.entries.map((e) => e.path)).toEqual(['a.txt']);
    });

    test('what setup and the baseline left is no part of the change, unless the agent changed it again', async () => {
      const w = world(
        {
          ...project,
          'test.mjs':
            "import fs from 'node:fs'; fs.writeFileSync('coverage.txt', 'c'); fs.writeFileSync('greet.mjs', 'broken');",
        },
        `import fs from 'node:fs'; fs.appendFileSync('made-b.txt', '!'); fs.writeFileSync('mine.txt', fs.readFileSync('greet.mjs'));`,
      );
      const end = await runJob(
        w,
        makeJob(w, {
          spec: { baseline: true },
          sandbox: {
            setupCommand:
              'echo a > made-a.txt; echo b > made-b.txt; mkdir -p node_modules/x; echo > node_modules/x/y; echo s > package.json',
            testCommand: 'node test.mjs',
          },
        }),
      );
      expect(end.result).toMatchObject({ outcome: 'built', baseline: 'green' });
      const { manifest, content } = changeOf(end);
      expect(manifest.entries.map((e) => e.path)).toEqual(['made-b.txt', 'mine.txt']);
      expect(content('mine.txt')).toBe(project['greet.mjs']);
    });

    test('rework starts from base and change set, and returns the whole change against the base', async () => {
      const w = world(
        { ...project, 'gone.txt': 'x' },
        `import fs from 'node:fs'; if (fs.existsSync('gone.txt')) fs.rmSync('gone.txt'); fs.appendFileSync('log.txt', process.env.DRYDOCK_PHASE + '\\n');`,
      );
      const first = await runJob(w, makeJob(w));
      const inputs = new Map(['changeset.json', 'changeset.blobs'].map((name) => [name, artifact(first, name)]));
      const second = await runJob(w, makeJob(w, { inputs, spec: { phase: 'rework', baseline: true } }));
      const { manifest, content } = changeOf(second);
      expect(manifest.entries.map((e) => `${e.op} ${e.path}`)).toEqual(['delete gone.txt', 'put log.txt']);
      expect(content('log.txt')).toBe('build\nrework\n');
    });

    test('an agent that fails or changes nothing has built nothing', async () => {
      const w = world(project, `process.stdout.write('half a job'); process.exit(3);`);
      const failed = await runJob(w, makeJob(w));
      expect(failed.result).toMatchObject({
        outcome: 'failed',
        error: { name: 'AgentFailed', message: expect.stringContaining('half a job') },
        agent: { exitCode: 3 },
      });
      const idle = await runJob(
        w,
        makeJob(w, {
          spec: { agent: { profile: 'p', kind: 'command', command: ['true'], files: false, plans: false } },
        }),
      );
      expect(idle.result).toMatchObject({ outcome: 'failed', error: { name: 'NoChanges' } });
      expect(idle.result?.error?.message).not.toContain('.gitignore');
    });

    test('an agent that writes only what git ignores is told so', async () => {
      const ignoring = { ...project, '.gitignore': 'AGENTS.md\nbuilt/\n' };
      const w = world(
        ignoring,
        `import fs from 'node:fs'; fs.writeFileSync('AGENTS.md', 'x'); fs.mkdirSync('built'); fs.writeFileSync('built/a', 'x');`,
      );
      expect((await runJob(w, makeJob(w))).result).toMatchObject({
        outcome: 'failed',
        error: { name: 'NoChanges', message: expect.stringMatching(/\.gitignore leaves out .*: AGENTS\.md, built\/a/) },
      });
    });

    test('R21, R22: a question and a checkpoint come out, schema-checked, with the change so far', async () => {
      const leave = (name: string, value: unknown): string =>
        `import fs from 'node:fs'; fs.writeFileSync('x.txt', 'x'); fs.writeFileSync(process.env.DRYDOCK_OUT + '/${name}', ${JSON.stringify(JSON.stringify(value))}); fs.writeFileSync('/out/handoff.md', 'left off here');`;
      const asking = world(
        project,
        leave('question.json', { question: 'Which one?', options: ['a', 'b'], suggested: 'a' }),
      );
      expect((await runJob(asking, makeJob(asking))).result).toMatchObject({
        outcome: 'question',
        changeSet: true,
        handoff: 'left off here',
        question: { question: 'Which one?', options: ['a', 'b'] },
      });
      const reached = world(project, leave('checkpoint.json', { name: 'first half' }));
      expect((await runJob(reached, makeJob(reached))).result).toMatchObject({
        outcome: 'checkpoint',
        checkpoint: { name: 'first half', summary: '' },
      });
      const wrong = world(project, leave('question.json', { question: '', extra: 1 }));
      expect((await runJob(wrong, makeJob(wrong))).result).toMatchObject({
        outcome: 'failed',
        error: { name: 'ResultInvalid' },
      });
    });
  });

  describe('plan', () => {
    const planner = `import fs from 'node:fs'; fs.writeFileSync('edited.txt', 'x'); fs.writeFileSync('/out/plan.yaml', 'phases: []\\n');`;
    const agent = {
      profile: 'p',
      kind: 'command',
      command: ['node', '/agent/agent.mjs'],
      files: true,
      plans: true,
    } satisfies PhaseSpec['agent'];

    test('R20: the plan comes out, the edits do not', async () => {
      const w = world(project, planner);
      const end = await runJob(w, makeJob(w, { spec: { phase: 'plan', agent, baseline: true } }));
      expect(end.result).toMatchObject({
        outcome: 'planned',
        plan: 'phases: []\n',
        changeSet: false,
        baseline: 'green',
      });
      expect([...end.artifacts.keys()].sort()).toEqual(['events.ndjson', 'result.json']);
    });

    test('a profile that does not plan is not started', async () => {
      const w = world(project, planner);
      const end = await runJob(w, makeJob(w, { spec: { phase: 'plan', agent: { ...agent, plans: false } } }));
      expect(end.result).toMatchObject({ outcome: 'planned' });
      expect(end.result?.agent).toBeUndefined();
      expect(end.result?.plan).toBeUndefined();
    });
  });

  describe('baseline (R14)', () => {
    const failing = { ...project, 'test.mjs': "console.log('not ok 1 - greets\\n1..1'); process.exit(1);" };
    const run = (files: Record<string, string>, sandbox: Parameters<typeof makeJob>[1] = {}) => {
      const w = world(files, 'process.exit(9)');
      return runJob(w, makeJob(w, { ...sandbox, spec: { baseline: true, ...sandbox.spec } }));
    };

    test('red twice: BaselineRed before the agent is started', async () => {
      const end = await run(failing);
      expect(end.result).toMatchObject({
        outcome: 'failed',
        baseline: 'red',
        error: { name: 'BaselineRed', message: expect.stringContaining('greets') },
      });
      expect(end.result?.agent).toBeUndefined();
      expect(end.result?.commands.map((c) => [c.name, c.exitCode])).toEqual([
        ['baseline', 1],
        ['baseline again', 1],
      ]);
    });

    test('red, then green on the same tree: BaselineFlaky', async () => {
      const end = await run({
        ...project,
        'test.mjs':
          "import fs from 'node:fs'; if (!fs.existsSync('once')) { fs.writeFileSync('once', ''); process.exit(1); }",
      });
      expect(end.result).toMatchObject({ outcome: 'failed', baseline: 'flaky', error: { name: 'BaselineFlaky' } });
    });

    test('known failures, all of them and no other, let the phase go on', async () => {
      const known = await run(failing, { spec: { phase: 'plan', knownFailures: ['greets'] } });
      expect(known.result).toMatchObject({ outcome: 'planned', baseline: 'known-failures' });
      const other = await run(failing, { spec: { knownFailures: ['something else'] } });
      expect(other.result).toMatchObject({ error: { name: 'BaselineRed' } });
    });

    test.each([
      'no-such-command --now',
      'npm run no-such-script',
      './not-executable.txt',
    ])('%s: TestCommandNotFound', async (testCommand) => {
      const end = await run({ ...project, 'not-executable.txt': 'x' }, { sandbox: { testCommand } });
      expect(end.result).toMatchObject({ outcome: 'failed', error: { name: 'TestCommandNotFound' } });
    });

    test('tests that do not end: BaselineTimedOut; a setup command that fails: InstallFailed', async () => {
      const slow = await run(project, { sandbox: { testCommand: 'sleep 600' }, limits: { timeoutMs: 2_000 } });
      expect(slow.result).toMatchObject({ error: { name: 'BaselineTimedOut' } });
      const broken = await run(project, { sandbox: { setupCommand: 'echo why; exit 4' } });
      expect(broken.result).toMatchObject({
        error: { name: 'InstallFailed', message: expect.stringContaining('why') },
      });
    });
  });

  describe('verify', () => {
    const commands = [
      { name: 'first', command: 'echo one' },
      { name: 'second', command: 'echo two; exit 7' },
      { name: 'third', command: 'exit 8' },
    ];

    test('R17: everything runs, the error names the first that failed, outputs are evidence', async () => {
      const w = world(project);
      const end = await runJob(
        w,
        makeJob(w, { spec: { phase: 'verify', agent: null, commands }, sandbox: { buildCommand: 'echo built' } }),
      );
      expect(end.result).toMatchObject({
        outcome: 'failed',
        error: { name: 'VerifyFailed', message: expect.stringMatching(/^second exited with 7/) },
      });
      expect(end.result?.commands.map((c) => [c.name, c.exitCode])).toEqual([
        ['build', 0],
        ['test', 0],
        ['first', 0],
        ['second', 7],
        ['third', 8],
      ]);
      expect(end.result?.commands[3]?.output).toBe('two\n');
    });

    test('all green is verified; no daemon of one command is there for the next', async () => {
      const w = world(project);
      const daemon = `node -e "require('net').createServer(s=>s.on('error',()=>{}).end('ok')).listen(4567)" >/dev/null 2>&1 &`;
      const probe = `node -e "require('net').connect(4567,'127.0.0.1').on('error',()=>process.exit(0)).on('connect',()=>process.exit(1))"`;
      const end = await runJob(
        w,
        makeJob(w, {
          spec: {
            phase: 'verify',
            agent: null,
            commands: [
              {
                name: 'daemon',
                command: `${daemon} for i in $(seq 100); do ${probe} || exit 0; sleep 0.05; done; exit 1`,
              },
              { name: 'probe', command: probe },
            ],
          },
        }),
      );
      expect(end.result).toMatchObject({
        outcome: 'verified',
        commands: [{ name: 'test' }, { name: 'daemon', exitCode: 0 }, { name: 'probe', exitCode: 0 }],
      });
    });
  });

  if (limits) {
    describe('limits (R19) and endings', () => {
      const forever = 'setInterval(() => {}, 1000);';

      test('memory: LimitExceeded names it', async () => {
        const w = world(project, `const hold = []; for (;;) hold.push(Buffer.alloc(8 << 20, 1));`);
        const end = await runJob(w, makeJob(w, { limits: { memoryMb: 256 } }));
        expect(end.failure).toMatchObject({ name: 'LimitExceeded', message: expect.stringContaining('memory_mb') });
        // The kernel ends one process of a control group, and the runner reports it; a watchdog ends the whole phase.
        expect(end.result?.outcome).toBe(end.enforcer === 'watchdog' ? undefined : 'failed');
      });

      test('processes: LimitExceeded names it', async () => {
        const w = world(
          project,
          `import { spawn } from 'node:child_process'; let bad = 0; for (let i = 0; i < 200; i++) { try { spawn('sleep', ['60']).on('error', () => bad++); } catch { bad++ } } setTimeout(() => process.exit(bad > 0 ? 1 : 0), 500);`,
        );
        const end = await runJob(w, makeJob(w, { limits: { pids: 64 } }));
        expect(end.failure).toMatchObject({ name: 'LimitExceeded', message: expect.stringContaining('pids') });
      });

      test('disk: LimitExceeded names it', async () => {
        const w = world(
          project,
          `import fs from 'node:fs'; const fd = fs.openSync('big', 'w'); for (let i = 0; i < 64; i++) fs.writeSync(fd, Buffer.alloc(1 << 20, 1)); ${forever}`,
        );
        const end = await runJob(w, makeJob(w, { limits: { diskMb: 32 } }));
        expect(end.failure).toMatchObject({ name: 'LimitExceeded', message: expect.stringContaining('disk_mb') });
        expect(leftovers()).toEqual([]);
      });

      test('time: PhaseTimedOut, told by the runner', async () => {
        const w = world(project, forever);
        const end = await runJob(w, makeJob(w, { limits: { timeoutMs: 3_000 } }));
        expect(end.result).toMatchObject({ outcome: 'failed', error: { name: 'PhaseTimedOut' } });
      });

      test('cancelled: everything is gone when the promise resolves', async () => {
        const w = world(project, forever);
        const stop = new AbortController();
        const end = await runJob(w, makeJob(w), {
          signal: stop.signal,
          onEvent: (e) => void (e.type === 'step' && e.name === 'agent' && stop.abort()),
        });
        expect(end.failure?.name).toBe('Cancelled');
        expect(end.result).toBeUndefined();
        expect(leftovers()).toEqual([]);
      });

      test('a cancelled signal starts nothing', async () => {
        const w = world(project, forever);
        const end = await runJob(w, makeJob(w), { signal: AbortSignal.abort() });
        expect(end.failure?.name).toBe('Cancelled');
        expect(end.events).toEqual([]);
      });
    });
  }

  test('events tell the steps in order', async () => {
    const w = world(project, `import fs from 'node:fs'; console.log('working'); fs.writeFileSync('x', 'x');`);
    const end = await runJob(w, makeJob(w, { spec: { baseline: true } }));
    const steps = end.events.flatMap((e) => (e.type === 'step' && e.status === 'passed' ? [e.name] : []));
    const unpacked = unpacks ? ['agent files'] : [];
    expect(steps).toEqual(['clone', ...unpacked, 'apply change', 'checkout', 'baseline', 'agent', 'record change']);
    expect(end.events).toContainEqual({ type: 'log', source: 'agent', text: 'working\n' });
  });
}
