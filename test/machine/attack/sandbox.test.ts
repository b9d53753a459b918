/** What an agent tries from inside, and what it gets. Each attack runs for real; the agent writes what it found. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { outerArguments, systemLinks, systemMounts } from '../../../adapters/local/sandbox/isolation/bubblewrap.ts';
import { unprivileged } from '../../../adapters/local/sandbox/isolation/unprivileged.ts';
import { makePhaseFolder } from '../../../adapters/local/sandbox/phase-folder.ts';
import { writeTools } from '../../../adapters/local/sandbox/tools.ts';
import { blobsByPath, changeManifest } from '../../../core/run/change-set.ts';
import {
  type Ended,
  type JobChanges,
  makeJob,
  makeWorld,
  project,
  runJob,
  type World,
} from '../contract/phase-fixtures.ts';
import { plantedCommit } from './forgeries/git.ts';

const worlds: World[] = [];
afterAll(() => {
  for (const one of worlds) one.remove();
});

/** Helpers the attacks share: `found` ends up in the change set as found.json. */
const prelude = `
import fs from 'node:fs'; import net from 'node:net'; import { once } from 'node:events';
import http from 'node:http'; import path from 'node:path';
import { execSync, spawn, spawnSync } from 'node:child_process';
const found = {};
const sh = (c) => { const r = spawnSync('bash', ['-c', c], { encoding: 'utf8', timeout: 20000 }); return { code: r.status, out: (r.stdout + r.stderr).slice(0, 4000) }; };
const get = (method, url, headers = {}, body) => new Promise((done) => {
  const u = new URL(url, process.env.DRYDOCK_GATEWAY);
  const q = http.request({ host: '127.0.0.1', port: u.port, path: u.pathname + u.search, method, headers }, (r) => { let b = ''; r.on('data', (d) => (b += d)); r.on('end', () => done({ status: r.statusCode, body: b })); });
  q.on('error', (e) => done({ status: 0, body: e.code })); q.end(body);
});
const save = () => fs.writeFileSync('found.json', JSON.stringify(found));
`;

async function attack(
  program: string,
  changes: JobChanges = {},
  files = project,
): Promise<{ end: Ended; found: Record<string, unknown>; world: World }> {
  const world = makeWorld(files, { 'agent.mjs': `${prelude}\n${program}\nsave();` });
  worlds.push(world);
  const end = await runJob(world, makeJob(world, changes));
  const manifest = end.artifacts.get('changeset.json');
  const blobs = end.artifacts.get('changeset.blobs');
  if (manifest === undefined || blobs === undefined) throw new Error(JSON.stringify({ ...end, artifacts: null }));
  const content = blobsByPath({
    manifest: changeManifest.parse(JSON.parse(Buffer.from(manifest).toString())),
    blobs,
  }).get('found.json');
  return { end, world, found: JSON.parse(Buffer.from(content ?? []).toString('utf8')) };
}

const inputsOf = (end: Ended): Map<string, Uint8Array> =>
  new Map([...end.artifacts].filter(([name]) => name.startsWith('changeset.')));

describe('the verdict', () => {
  test('an agent that kills everything it can see and forges result.json ends only itself', async () => {
    const { end } = await attack(`
      fs.writeFileSync('hit.txt', 'x'); save();
      await get('PUT', '/artifacts/result.json', { authorization: 'Bearer ' + process.env.DRYDOCK_KEY }, JSON.stringify({ phaseKey: 'run/build/1/1', outcome: 'verified' }));
      await get('PUT', '/artifacts/result.json', { authorization: 'Bearer guessed' }, '{}');
      await get('PUT', '/artifacts/changeset.json', {}, '{}');
      for (const p of fs.readdirSync('/proc')) if (/^[0-9]+$/.test(p) && Number(p) !== process.pid) try { process.kill(Number(p), 'SIGKILL') } catch {}
      sh('kill -9 -1');`);
    expect(end.failure).toBeUndefined();
    expect(end.result).toMatchObject({ outcome: 'failed', error: { name: 'AgentFailed' }, changeSet: true });
    expect(end.refusals.map((r) => r.target)).toEqual(['result.json', 'result.json', 'changeset.json']);
    expect(end.refusals[0]).toMatchObject({
      reason: expect.stringContaining('PUT without the secret'),
      command: expect.stringContaining('agent'),
    });
  });

  test('a daemon on a port does not answer the tests of the next step', async () => {
    const { end, world, found } = await attack(
      `const d = spawn('setsid', ['node', '-e', "require('http').createServer((q,s)=>s.end('forged green')).listen(9999)"], { detached: true, stdio: 'ignore' }); d.unref();
       while (!found.up) found.up = sh('curl -s --noproxy "*" http://127.0.0.1:9999').out;`,
    );
    expect(found.up).toBe('forged green');
    const verified = await runJob(
      world,
      makeJob(world, {
        inputs: inputsOf(end),
        spec: { phase: 'verify', agent: null },
        sandbox: { testCommand: 'curl -s --noproxy "*" http://127.0.0.1:9999' },
      }),
    );
    expect(verified.result).toMatchObject({ outcome: 'failed', error: { name: 'VerifyFailed' } });
    expect(JSON.stringify(verified.result?.commands)).not.toContain('forged green');
  });

  test('a test runner patched in node_modules, HOME, /tmp and .git is not there in Verify', async () => {
    const files = {
      ...project,
      'test.mjs': 'process.exit(1)',
      'package.json': JSON.stringify({ name: 'x', scripts: { test: 'node test.mjs' } }),
    };
    const { end, world } = await attack(
      `fs.mkdirSync('node_modules/.bin', { recursive: true }); fs.writeFileSync('node_modules/.bin/node', '#!/bin/sh\\nexit 0', { mode: 0o755 });
       fs.writeFileSync(process.env.HOME + '/.npmrc', 'script-shell=/tmp/sh'); fs.writeFileSync('/tmp/sh', '#!/bin/sh\\nexit 0', { mode: 0o755 });
       fs.writeFileSync('.git/hooks/post-checkout', '#!/bin/sh\\necho > /workspace/hooked', { mode: 0o755 }); fs.appendFileSync('.git/config', '[core]\\nhooksPath=.git/hooks\\n');
       found.inside = sh('npm test').code;`,
      {},
      files,
    );
    const verified = await runJob(
      world,
      makeJob(world, {
        inputs: inputsOf(end),
        spec: { phase: 'verify', agent: null, commands: [{ name: 'hook', command: 'test ! -e hooked' }] },
      }),
    );
    expect(verified.result).toMatchObject({
      outcome: 'failed',
      error: { name: 'VerifyFailed', message: expect.stringMatching(/^test exited/) },
    });
    expect(verified.result?.commands.find((c) => c.name === 'hook')?.exitCode).toBe(0);
  });

  test('links and pipes in $DRYDOCK_OUT are not followed', async () => {
    const { end } = await attack(
      `fs.symlinkSync('/proc/self/environ', '/out/plan.yaml'); execSync('mkfifo /out/handoff.md');`,
    );
    expect(end.result).toMatchObject({
      outcome: 'failed',
      error: { name: 'ResultInvalid', message: expect.stringContaining('plan.yaml') },
    });
  });
});

describe('ways out', () => {
  test('no network: raw sockets, DNS, curl, a proxied host and plain HTTP all end at the gateway', async () => {
    const { end, found } = await attack(
      `found.raw = await new Promise((r) => net.connect(443, '1.1.1.1').on('connect', () => r('open')).on('error', (e) => r(e.code)));
       found.metadata = await new Promise((r) => net.connect(80, '169.254.169.254').on('connect', () => r('open')).on('error', (e) => r(e.code)));
       found.dns = await import('node:dns/promises').then((d) => d.lookup('example.com')).then(() => 'resolved', (e) => e.code);
       found.udp = sh('echo x > /dev/udp/1.1.1.1/53').code;
       found.curl = sh('curl -sS -m 5 https://example.com/');
       found.noproxy = sh('curl -sS -m 5 --noproxy "*" https://1.1.1.1/').code;
       found.plain = sh('curl -sS -m 5 http://example.com/').out;
       found.interfaces = Object.keys((await import('node:os')).networkInterfaces());`,
    );
    expect(found).toMatchObject({
      raw: expect.stringMatching(/ENETUNREACH|EHOSTUNREACH/),
      metadata: expect.stringMatching(/ENETUNREACH|EHOSTUNREACH/),
      interfaces: ['lo'],
    });
    expect(found.dns).not.toBe('resolved');
    expect(found.udp).not.toBe(0);
    expect(found.noproxy).not.toBe(0);
    expect(found.curl).toMatchObject({ code: expect.not.stringMatching('0'), out: expect.stringContaining('403') });
    expect(String(found.plain)).toContain('egress: {hosts: [example.com]}');
    expect(end.refusals).toContainEqual(
      expect.objectContaining({
        target: 'example.com:443',
        command: 'curl -sS -m 5 https://example.com/',
        reason: 'the host is not allowed',
        allow: 'egress: {hosts: [example.com]}',
      }),
    );
    expect(end.refusals).toContainEqual(expect.objectContaining({ target: 'example.com:80' }));
    // What goes past the proxy is told too, though nothing can say which address or name it was.
    for (const [target, did] of [
      ['an address', 'tried to reach an address'],
      ['a name server', 'asked a name server'],
    ])
      expect(end.refusals).toContainEqual(
        expect.objectContaining({ target, command: 'agent', reason: expect.stringContaining(`the program ${did}`) }),
      );
  });

  test('a credential that the gateway puts into requests is nowhere: answers, files, environments, memory, report', async () => {
    const token = 'credential-of-the-registry-5c1d0f7a';
    const server = http
      .createServer((request, response) => {
        const given = `${request.headers.authorization}`;
        if (request.url?.startsWith('/moved')) response.writeHead(302, { location: `/@acme%2fa?${given}` }).end(given);
        else
          response
            .writeHead(200, { 'content-type': 'application/json', etag: given })
            .end(JSON.stringify(request.headers));
      })
      .listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const credential = { name: 'authorization', value: `Bearer ${token}` };
    const { end, found } = await attack(
      `const token = '${[...token].reverse().join('')}'.split('').reverse().join('');
       const key = { authorization: 'Bearer ' + process.env.DRYDOCK_KEY };
       const seen = [];
       for (const p of ['/registry/npm/@acme%2fa', '/registry/npm~0/@acme%2fa', '/registry/npm/@acme/a/-/a-1.0.0.tgz', '/registry/npm/moved']) {
         const answer = await fetch(process.env.DRYDOCK_GATEWAY + p, { headers: key });
         seen.push(answer.status + JSON.stringify([...answer.headers]) + await answer.text());
       }
       found.answers = seen;
       found.inAnswers = seen.some((text) => [token, Buffer.from(token).toString('base64').replace(/=+$/, ''), Buffer.from(token).toString('hex')].some((form) => text.includes(form)));
       found.inFiles = spawnSync('grep', ['-rlF', '-f', '-', '/etc', '/tmp', '/home', '/out', '/deps', '/opt', '/run', '/workspace', '/dev/shm'], { input: token, encoding: 'utf8' }).stdout;
       found.inProcesses = fs.readdirSync('/proc').filter((p) => /^[0-9]+$/.test(p)).filter((p) => ['environ', 'cmdline'].some((f) => { try { return fs.readFileSync('/proc/' + p + '/' + f).includes(token) } catch { return false } }));
       found.others = fs.readdirSync('/proc').filter((p) => /^[0-9]+$/.test(p) && Number(p) !== process.pid).filter((p) => { try { fs.openSync('/proc/' + p + '/mem', 'r'); return /gateway/.test(fs.readFileSync('/proc/' + p + '/cmdline', 'utf8')) } catch { return false } });`,
      { registries: ['npm'], egress: { rules: [], private: [{ kind: 'npm', scope: '@acme', url, credential }] } },
    ).finally(() => server.close());
    expect(found.answers).toMatchObject([
      expect.stringMatching(/^200.*\[redacted\]/),
      expect.stringMatching(/^200/),
      expect.stringMatching(/^200/),
      expect.any(String),
    ]);
    expect(found).toMatchObject({ inAnswers: false, inFiles: '', inProcesses: [], others: [] });
    const left = JSON.stringify({
      ...end,
      artifacts: [...end.artifacts].map(([, bytes]) => Buffer.from(bytes).toString('latin1')),
    });
    expect(left).not.toContain(token);
  });

  test('programs that have the host of a registry built in reach the mirror, and trust it in the sandbox only', async () => {
    const server = http
      .createServer((request, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(`{"asked":"${request.url}"}`),
      )
      .listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { found, end } = await attack(
      `found.curl = sh('curl -sS https://registry.npmjs.org/a').out;
       found.node = spawnSync('node', ['-e', "fetch('https://registry.yarnpkg.com/b').then((r) => r.text()).then(console.log)"], { encoding: 'utf8' }).stdout;
       found.python = spawnSync('/usr/bin/python3', ['-c', "import urllib.request as u; print(u.urlopen('https://registry.npmjs.org/c').read().decode())"], { encoding: 'utf8' }).stdout;
       found.post = sh('curl -sS -X POST https://registry.npmjs.org/-/npm/v1/security/audits -d {}').out;
       found.untrusted = sh('curl -sS --cacert /etc/ssl/certs/ca-certificates.crt https://registry.npmjs.org/a').code;`,
      { registries: ['npm'], egress: { rules: [], private: [{ kind: 'npm', url }] } },
    ).finally(() => server.close());
    expect(found.curl).toBe('{"asked":"/a"}');
    expect(String(found.node)).toContain('{"asked":"/b"}');
    expect(String(found.python)).toContain('{"asked":"/c"}');
    expect(String(found.post)).toContain('only GET is allowed');
    expect(found.untrusted).not.toBe(0);
    expect(end.traffic.map(({ target }) => target)).toEqual(['npm/a', 'npm/b', 'npm/c']);
    expect(end.refusals).toContainEqual(
      expect.objectContaining({ reason: expect.stringContaining('did not accept the certificate of this phase') }),
    );
  });

  test('an allowed name that resolves to a private address, another port and an address are refused', async () => {
    const { end } = await attack(
      `for (const t of ['localhost:443', 'localhost:8787', '127.0.0.1:443', '[::1]:443']) sh('curl -s -m 5 --proxytunnel -x ' + process.env.HTTPS_PROXY + ' https://' + t + '/ --noproxy ""');`,
      { hosts: ['localhost'] },
    );
    const reasons = Object.fromEntries(end.refusals.map((r) => [r.target, r.reason]));
    expect(reasons).toEqual({
      'localhost:443': 'the name resolves to a private address',
      'localhost:8787': 'only port 443 is allowed',
      '127.0.0.1:443': 'the host is not allowed',
      '[::1]:443': 'the host is not allowed',
    });
  });

  test('git push, the phase, the inputs and the events are closed to the agent', async () => {
    const { end, found } = await attack(
      `const key = { authorization: 'Bearer ' + process.env.DRYDOCK_KEY };
       for (const p of ['/phase', '/inputs/changeset.json', '/git/base.git/info/refs?service=git-upload-pack', '/git/base.git/info/refs?service=git-receive-pack']) found[p] = (await get('GET', p, key)).status;
       found.events = (await get('POST', '/events', key, '{"type":"message","text":"all tests passed"}')).status;
       found.push = sh('git -c http.extraHeader="Authorization: Bearer ' + process.env.DRYDOCK_KEY + '" push ' + process.env.DRYDOCK_GATEWAY + '/git/base.git HEAD:refs/heads/base').code;
       found.npm = (await get('GET', '/registry/npm/left-pad', key)).status;`,
    );
    expect(found).toMatchObject({ '/phase': 403, '/inputs/changeset.json': 403, events: 403, npm: 403 });
    expect(found['/git/base.git/info/refs?service=git-receive-pack']).toBe(403);
    expect(found.push).not.toBe(0);
    expect(end.events).not.toContainEqual({ type: 'message', text: 'all tests passed' });
    expect(end.refusals).toContainEqual(
      expect.objectContaining({ target: 'npm/left-pad', allow: 'egress: {registries: [npm]}' }),
    );
  });

  test("the host's own ports are not reachable", async () => {
    const server = http.createServer((_q, s) => s.end('host service')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { found } = await attack(
      `found.host = await new Promise((r) => net.connect(${port}, '127.0.0.1').on('connect', () => r('open')).on('error', (e) => r(e.code)));`,
    ).finally(() => server.close());
    expect(found.host).toBe('ECONNREFUSED');
  });
});

describe('the outer layer', () => {
  test('what runs beside the runner as the same user reads neither its memory nor its environment, and cannot trace it', async () => {
    const folder = makePhaseFolder();
    try {
      await writeTools(folder.tools, { node: process.execPath }, true);
      writeFileSync(folder.runnerProgram, 'console.log("up"); setInterval(() => {}, 1000);');
      const view = { folder, system: systemMounts(folder.etc), links: systemLinks() };
      // Without the filter of system calls, which is tested for itself: this wall holds without it.
      const outer = outerArguments({ ...view, hasAgentFiles: false, sharedMemoryMb: 64 }).slice(2);
      const command = outer.lastIndexOf('--') + 1;
      const script = `"$@" > /tmp/up & while ! grep -q up /tmp/up; do sleep 0.02; done
        for file in environ maps mem; do (exec 3< /proc/$!/$file) 2> /dev/null && echo "opened $file"; done
        ls /proc/$!/fd > /dev/null 2>&1 && echo "listed fd"; kill $!; echo done`;
      const seen = execFileSync(
        'bwrap',
        [...outer.slice(0, command), 'bash', '-c', script, 'bash', ...outer.slice(command)],
        {
          ...unprivileged(folder.userId),
          cwd: '/',
          encoding: 'utf8',
        },
      );
      expect(seen).toBe('done\n');
    } finally {
      await folder.remove();
    }
  });

  test('a repository in the place of a submodule of an earlier phase is not asked for its state, so that its configuration runs nothing', async () => {
    const world = makeWorld(project, {
      'agent.mjs': `${prelude}
        sh('git init -q nested');
        sh("cd nested && GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x");
        fs.writeFileSync('nested/monitor', '#!/bin/sh\\ncurl -s -X PUT --unix-socket /run/gateway/gw.sock http://gateway/artifacts/reached\\n', { mode: 0o755 });
        sh('git -C nested config core.fsmonitor /workspace/nested/monitor');
        fs.writeFileSync('head.txt', sh('git -C nested rev-parse HEAD').out);`,
    });
    worlds.push(world);
    const entry = { op: 'put', path: 'nested', mode: '160000', blobSha: plantedCommit, bytes: 0 };
    const manifest = JSON.stringify({ base: world.base, entries: [entry] });
    const inputs = new Map([['changeset.json', Buffer.from(manifest)]]);
    const end = await runJob(world, makeJob(world, { inputs, spec: { phase: 'rework' } }));
    expect(end.refusals).toEqual([]);
    const change = JSON.parse(Buffer.from(end.artifacts.get('changeset.json') ?? []).toString());
    expect(change.entries).toMatchObject([{ path: 'head.txt' }, { path: 'nested', mode: '160000' }]);
    expect(Buffer.from(end.artifacts.get('changeset.blobs') ?? []).toString()).toBe(`${plantedCommit}\n`);
  });
});

describe('what can be seen', () => {
  test("host files, other phases, the gateway's socket, the runner and its secret are out of sight", async () => {
    const secretFile = '/tmp/drydock-attack-secret';
    rmSync(secretFile, { recursive: true, force: true });
    mkdirSync(secretFile);
    writeFileSync(`${secretFile}/secret.txt`, 'host-only');
    const { end, found, world } = await attack(
      `for (const p of ['/root', '/etc/shadow', '/home', '/run/gateway', '/run/runner', '/run/runner.cjs', '${secretFile}', '/work', '/sys', '/var', '/data']) { try { fs.accessSync(p); const s = fs.statSync(p); found[p] = s.isDirectory() ? fs.readdirSync(p) : fs.readFileSync(p, 'utf8').slice(0, 20); } catch (e) { found[p] = e.code } }
       found.processes = fs.readdirSync('/proc').filter((p) => /^[0-9]+$/.test(p)).map((p) => { try { return fs.readFileSync('/proc/' + p + '/cmdline', 'utf8').replaceAll('\\0', ' ') } catch { return '' } }).filter((c) => c.includes('runner.cjs') || c.includes('gateway'));
       found.env = Object.keys(process.env).filter((k) => /SECRET|TOKEN|PASSW|AWS|GITHUB/.test(k));
       found.mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').includes('/run/gateway');
       found.caps = /CapEff:\\t(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1];
       found.unshare = sh('unshare -Ur true').code; found.mount = sh('mount -t tmpfs x /mnt').code;
       for (const p of ['/usr/bin/evil', '/opt/drydock/bin/node', '/agent/agent.mjs', '/etc/passwd']) { try { fs.writeFileSync(p, 'x'); found['write ' + p] = 'written' } catch (e) { found['write ' + p] = e.code } }`,
    ).finally(() => rmSync(secretFile, { recursive: true }));
    for (const p of [
      '/root',
      '/etc/shadow',
      '/run/gateway',
      '/run/runner',
      '/run/runner.cjs',
      secretFile,
      '/work',
      '/sys',
      '/var',
      '/data',
    ]) {
      expect([p, found[p]]).toEqual([p, 'ENOENT']);
    }
    expect(found['/home']).toEqual(['agent']);
    expect(found).toMatchObject({ processes: [], env: [], mounts: false, caps: '0000000000000000' });
    expect(found.unshare).not.toBe(0);
    expect(found.mount).not.toBe(0);
    for (const [key, value] of Object.entries(found))
      if (key.startsWith('write ')) expect([key, value]).toEqual([key, expect.stringMatching(/EROFS|EACCES|EPERM/)]);
    expect(existsSync(world.dataDir)).toBe(true);
    expect(end.result?.outcome).toBe('built');
  });

  test("the agent's secret does not show in outputs and events", async () => {
    const { end } = await attack(`console.log('key ' + process.env.DRYDOCK_KEY); save(); process.exit(2);`);
    expect(end.result?.error?.message).toContain('key [redacted]');
    expect(JSON.stringify(end.events)).toContain('key [redacted]');
  });

  test("no secret is on a command line of the host, and the spec's environment does not reach bwrap", async () => {
    const world = makeWorld(project, {
      'agent.mjs': `${prelude} console.log('key ' + process.env.DRYDOCK_KEY.slice(0, 8)); await new Promise((r) => setTimeout(r, 1500)); save();`,
    });
    worlds.push(world);
    let lines = '';
    const end = await runJob(world, makeJob(world, { sandbox: { env: { LD_PRELOAD: '/workspace/no-such.so' } } }), {
      onEvent: (e) => {
        if (e.type === 'log' && e.text.includes('key '))
          lines = execFileSync('ps', ['axwwe'], { encoding: 'utf8', env: { PATH: process.env.PATH } });
      },
    });
    const log = JSON.stringify(end.events);
    const start = /key ([0-9a-f]{8})/.exec(log)?.[1] ?? 'none';
    expect(lines).toContain('runner.cjs');
    const bwrap = lines.split('\n').filter((line) => line.includes('bwrap --'));
    expect(bwrap.length).toBeGreaterThan(1);
    expect(bwrap.filter((line) => line.includes(start) || line.includes('LD_PRELOAD'))).toEqual([]);
    expect(end.result?.outcome).toBe('built');
  });

  test('nothing of a phase survives its end', async () => {
    const mark = `drydock-survivor-${process.pid}`;
    await attack(
      `for (const c of ['setsid', 'nohup']) spawn(c, ['bash', '-c', 'exec -a ${mark} sleep 300'], { detached: true, stdio: 'ignore' }).unref(); while (!found.up) found.up = sh('ps ax').out.split('${mark} 300').length > 2;`,
    ).then(({ found }) => expect(found.up).toBe(true));
    expect(execFileSync('ps', ['axww'], { encoding: 'utf8' })).not.toContain(`${mark} 300`);
  });
});
