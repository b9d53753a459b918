/** What an agent tries from inside a sandbox. Each attempt runs for real, and returns what it got. */
export interface Attempt {
  /** What is tried. */
  name: string;
  /** Body of an async function; `sh`, `get`, `raw`, `read`, `write`, `call` and `open` of the prelude are there. */
  tries: string;
  /** The result when the wall holds: a value, an expression that its JSON matches, or a function. */
  held: unknown | RegExp | ((result: never) => boolean);
  /** Only a sandbox of bubblewrap has this wall; the walls of a container on Fargate are its network and its image. */
  only?: 'bubblewrap';
}

/** What each attempt may use. `R` collects the results; a thrown error is its result, by code or message. */
export const prelude = `
import fs from 'node:fs'; import net from 'node:net'; import http from 'node:http'; import os from 'node:os';
import path from 'node:path'; import dns from 'node:dns/promises'; import dgram from 'node:dgram';
import { spawnSync, spawn } from 'node:child_process';
const R = {};
const sh = (c) => { const r = spawnSync('bash', ['-c', c], { encoding: 'utf8', timeout: 10000 }); return { code: r.status, out: (r.stdout + r.stderr).slice(0, 3000) }; };
/** A system call by its number: 0 or more where it works, else the name of the error. */
const call = (number, ...args) => sh("perl -e 'use POSIX; my \\$r = syscall(" + [number, ...args].join(', ') + "); print \\$r >= 0 ? qq(done) : POSIX::strerror(\\$!)'").out;
const open = (family, type = 1) => sh("perl -MSocket -e 'print socket(S, " + family + ", " + type + ", 0) ? qq(open) : qq(\\$!)'").out;
const port = Number(new URL(process.env.DRYDOCK_GATEWAY).port);
const host = new URL(process.env.DRYDOCK_GATEWAY).hostname;
const get = (method, target, headers = {}, body) => new Promise((done) => {
  const q = http.request({ host, port, path: target, method, headers: { authorization: 'Bearer ' + process.env.DRYDOCK_KEY, ...headers } }, (r) => { let b = ''; r.on('data', (d) => { if (b.length < 5000) b += d; }); r.on('end', () => done({ status: r.statusCode, body: b })); });
  q.on('error', (e) => done({ status: 0, body: e.code })); q.setTimeout(8000, () => q.destroy()); q.end(body);
});
const raw = (text) => new Promise((done) => { let b = ''; const s = net.connect(port, host, () => s.write(text)); s.setTimeout(1500, () => s.destroy()); s.on('data', (d) => { b += d; s.setTimeout(200); }); s.on('error', () => undefined); s.on('close', () => done(b.slice(0, 300))); });
const dial = (p, h) => new Promise((done) => { const s = net.connect(p, h); s.setTimeout(2500, () => { s.destroy(); done('no answer'); }); s.on('connect', () => { s.destroy(); done('open'); }); s.on('error', (e) => done(e.code)); });
const read = (p) => { const s = fs.statSync(p); return s.isDirectory() ? fs.readdirSync(p).join() : fs.readFileSync(p, 'utf8').slice(0, 200); };
const write = (p) => { fs.writeFileSync(p, 'x'); return 'written'; };
const attempt = async (index, f) => { try { R[index] = await f(); } catch (e) { R[index] = e.code ?? String(e.message); } fs.writeFileSync('found.json', JSON.stringify(R)); };
`;

const bubblewrap = 'bubblewrap' as const;
const absent = /ENOENT|EACCES/;
const unwritable = /EROFS|EACCES|EPERM|ENOENT/;

const seen: Attempt[] = [
  ...[
    '/root',
    '/etc/shadow',
    '/run/gateway',
    '/run/runner',
    '/run/runner.cjs',
    '/var',
    '/data',
    '/sys/kernel/debug',
  ].map(
    (file): Attempt => ({
      name: `reads ${file}`,
      tries: `return read('${file}')`,
      held: absent,
      // The paths of the container's own image hold nothing of the host, and its runner's folder is asked for below.
      ...(/runner|gateway/.test(file) ? { only: bubblewrap } : {}),
    }),
  ),
  {
    name: 'finds a name of the host’s users',
    tries: `return read('/etc/passwd')`,
    held: (text: string) =>
      text
        .split('\n')
        .filter(Boolean)
        .every((line) => /^(?:root|agent):/.test(line)),
  },
  { name: 'lists the home folders', tries: `return read('/home')`, held: 'agent', only: bubblewrap },
  {
    name: 'lists devices',
    tries: `return fs.readdirSync('/dev').filter((n) => /^(?:sd|vd|nvme|mem|kmem|kmsg|port|kvm|fuse|loop|dri)/.test(n))`,
    held: [],
  },
  {
    name: 'reads the keys that the kernel holds',
    tries: `return read('/proc/keys')`,
    held: (text: string) => text === '' || /EACCES|ENOENT/.test(text),
    only: bubblewrap,
  },
  {
    name: 'reads the command line of the kernel',
    tries: `return read('/proc/cmdline')`,
    held: (text: string) => text === '' || /EACCES|ENOENT/.test(text),
    only: bubblewrap,
  },
  { name: 'reads the memory of the kernel', tries: `return read('/proc/kcore')`, held: /EACCES|EPERM|ENOENT/ },
  {
    name: 'sees processes that it did not start',
    tries: `return fs.readdirSync('/proc').filter((p) => /^\\d+$/.test(p)).map((p) => { try { return fs.readFileSync('/proc/' + p + '/cmdline', 'utf8') } catch { return '' } }).filter((c) => c.includes('runner') || c.includes('gateway.cjs')).length`,
    held: 0,
    only: bubblewrap,
  },
  {
    name: 'opens the memory of other processes',
    tries: `return fs.readdirSync('/proc').filter((p) => /^\\d+$/.test(p) && Number(p) !== process.pid && p !== '1').filter((p) => { try { fs.closeSync(fs.openSync('/proc/' + p + '/mem', 'r')); return true } catch { return false } }).length`,
    held: 0,
  },
  {
    name: 'finds open descriptors besides its own streams',
    tries: `return sh('ls /proc/self/fd').out.trim().split(/\\s+/).filter((f) => Number(f) > 3).length`,
    held: 0,
  },
  {
    name: 'goes up from an inherited descriptor',
    tries: `return sh('for f in /proc/$$/fd/*; do test -d "$f" && ls "$f/.."; done').out`,
    held: '',
  },
  {
    name: 'finds a secret in its environment',
    // The path of the certificate of the phase's authority is no secret.
    tries: `return Object.keys(process.env).filter((k) => /SECRET|TOKEN|PASSW|AWS_|GITHUB|TICKET/.test(k) && !(k === 'AWS_CA_BUNDLE' && fs.existsSync(process.env[k])))`,
    held: [],
  },
  {
    name: 'finds a socket of the host',
    tries: `return fs.readFileSync('/proc/net/unix', 'utf8').split('\\n').filter((l) => /@|docker|containerd|dbus|systemd/.test(l)).length`,
    held: 0,
    only: bubblewrap,
  },
];

const written: Attempt[] = [
  // In a container the files of the agent are a copy that belongs to its own phase.
  { name: 'writes its own program', tries: `return write('/agent/agent.mjs')`, held: unwritable, only: bubblewrap },
  ...[
    '/usr/bin/evil',
    '/usr/lib/evil.so',
    '/etc/passwd',
    '/etc/evil',
    '/opt/drydock/bin/node',
    '/evil',
    '/proc/sys/kernel/core_pattern',
    '/proc/sysrq-trigger',
    '/sys/evil',
  ].map((file): Attempt => ({ name: `writes ${file}`, tries: `return write('${file}')`, held: unwritable })),
  { name: 'writes a file of the root', tries: `return write('/x')`, held: unwritable, only: bubblewrap },
  { name: 'writes a file in /dev', tries: `return write('/dev/x')`, held: unwritable, only: bubblewrap },
  {
    name: 'fills shared memory beyond its share',
    tries: `return sh('head -c 400M /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x; rm -f /dev/shm/x').out`,
    held: (out: string) => Number(/^(\d+)/.exec(out)?.[1]) <= 256 * 1024 * 1024,
    only: bubblewrap,
  },
  { name: 'makes a device', tries: `return sh('mknod /tmp/sda b 8 0').code`, held: (code: number) => code !== 0 },
  {
    name: 'makes a program that runs as root',
    tries: `return sh('cp /bin/true /tmp/s && chmod 4755 /tmp/s && chown 0 /tmp/s').code`,
    held: (code: number) => code !== 0,
  },
];

const calls: Attempt[] = [
  ...Object.entries({
    'asks for a key': '249, 0, 0, 0, 0',
    'reads its keyring': '250, 11, 0, 0, 0, 0',
    'joins a session keyring': '250, 1, 0, 0, 0, 0',
    'adds a key': '248, 0, 0, 0, 0, 0',
    'loads a program into the kernel': '321, 5, 0, 0',
    'opens performance counters': '298, 0, 0, -1, -1, 0',
    'traps page faults': '323, 0',
    'starts io_uring': '425, 8, 0',
    'loads a module': '175, 0, 0, 0',
    'replaces the kernel': '246, 0, 0, 0, 0',
    'opens a file by its handle': '304, -100, 0, 0',
    'watches all files': '300, 0, 0',
    'sets the clock': '227, 0, 0',
    'turns swap off': '168, 0',
    'reads the log of the kernel': '103, 3, 0, 0',
    'enters the I/O ports': '172, 3',
  }).map(
    ([name, args]): Attempt => ({
      name,
      tries: `return call(${args
        .split(', ')
        .map((one) => `'${one}'`)
        .join(', ')})`,
      held: /not permitted|not implemented/,
      only: bubblewrap,
    }),
  ),
  ...Object.entries({
    AF_VSOCK: 40,
    AF_ALG: 38,
    AF_PACKET: 17,
    AF_KEY: 15,
    AF_XDP: 44,
    AF_BLUETOOTH: 31,
    AF_CAN: 29,
    AF_TIPC: 30,
    AF_RDS: 21,
    AF_QIPCRTR: 42,
  }).map(
    ([name, family]): Attempt => ({
      name: `opens a socket of ${name}`,
      tries: `return open(${family}, 2) + open(${family}, 3) + open(${family}, 5)`,
      held: (text: string) => !text.includes('open'),
      only: bubblewrap,
    }),
  ),
  { name: 'makes a user namespace', tries: `return sh('unshare -Ur true').code`, held: (code: number) => code !== 0 },
  { name: 'makes a network namespace', tries: `return sh('unshare -n true').code`, held: (code: number) => code !== 0 },
  {
    name: 'mounts',
    tries: `return sh('mount -t tmpfs x /mnt').code + sh('mount --bind /tmp /usr').code`,
    held: (code: number) => code !== 0,
  },
  {
    name: 'enters the namespaces of process 1',
    tries: `return sh('nsenter -t 1 -a true').code`,
    held: (code: number) => code !== 0,
  },
  { name: 'changes its root', tries: `return sh('chroot /tmp true').code`, held: (code: number) => code !== 0 },
  {
    name: 'has a capability',
    tries: `return /CapEff:\\t(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]`,
    held: '0000000000000000',
  },
  {
    name: 'may gain privileges',
    tries: `return /NoNewPrivs:\\t(\\d)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]`,
    held: '1',
  },
  {
    name: 'becomes root',
    tries: `return sh('su -c true').code + sh('sudo -n true').code`,
    held: (code: number) => code !== 0,
  },
  { name: 'raises its limits', tries: `return sh('ulimit -n 1048577').code`, held: (code: number) => code !== 0 },
  {
    name: 'writes characters into a terminal',
    tries: `return sh('test -t 0 || test -e /dev/tty && : < /dev/tty').code`,
    held: (code: number) => code !== 0,
  },
];

const network: Attempt[] = [
  ...Object.entries({
    'an address of the internet': `dial(443, '1.1.1.1')`,
    'the metadata of a cloud': `dial(80, '169.254.169.254')`,
    'the metadata of a task': `dial(80, '169.254.170.2')`,
    'a neighbour': `dial(80, '10.0.0.1')`,
    'an IPv6 address': `dial(443, '2606:4700:4700::1111')`,
  }).map(
    ([name, tries]): Attempt => ({
      name: `dials ${name}`,
      tries: `return ${tries}`,
      held: /ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|EADDRNOTAVAIL/,
      only: bubblewrap,
    }),
  ),
  {
    name: 'resolves a name',
    tries: `return dns.resolve4('example.com')`,
    held: /ECONNREFUSED|EREFUSED|ESERVFAIL|ETIMEOUT|ENOTFOUND|EAI_AGAIN/,
    only: bubblewrap,
  },
  {
    name: 'sends a datagram',
    tries: `return new Promise((r) => { const s = dgram.createSocket('udp4'); s.on('error', (e) => { s.close(); r(e.code); }); s.send('x', 53, '1.1.1.1', (e) => r(e?.code ?? 'sent')); })`,
    held: /ENETUNREACH|EHOSTUNREACH|EPERM/,
    only: bubblewrap,
  },
  {
    name: 'has another interface than loopback',
    tries: `return Object.keys(os.networkInterfaces()).filter((n) => n !== 'lo')`,
    held: [],
    only: bubblewrap,
  },
  {
    name: 'reaches a port of the host',
    tries: `return Promise.all([22, 80, 443, 2375, 5432, 6379, 8080].map((p) => dial(p, '127.0.0.1')))`,
    held: (all: string[]) => !all.includes('open'),
    only: bubblewrap,
  },
  {
    name: 'sends a raw packet',
    tries: `return sh("perl -MSocket -e 'print socket(S, 2, 3, 1) ? qq(open) : qq(\\$!)'").out`,
    held: /not permitted/,
  },
];

const routes: Attempt[] = [
  ...Object.entries({
    'GET /phase': 403,
    'GET /inputs/changeset.json': 403,
    'GET /inputs/../phase': 403,
    'PUT /artifacts/result.json': 403,
    'PUT /artifacts/changeset.json': 403,
    'PUT /artifacts/..%2fx': 403,
    'POST /events': 403,
    'GET /boot': 403,
    'POST /boot': 403,
    'GET /git/base.git/info/refs?service=git-upload-pack': 403,
    'GET /git/base.git/info/refs?service=git-receive-pack': 403,
    'POST /git/base.git/git-receive-pack': 403,
    'GET /git/base.git/config': 403,
  }).map(([line]): Attempt => {
    const [method, target] = line.split(' ');
    return {
      name: `asks the gateway for ${line}`,
      tries: `return (await get('${method}', '${target}')).status`,
      held: (status: number) => status >= 400,
    };
  }),
  ...[
    '//phase',
    '/%70hase',
    '/registry/../phase',
    '/./phase',
    '/phase/',
    '/PHASE',
    '/phase%00',
    '/phase?x=/registry/npm/',
    '/model/../phase',
    '/registry/npm/../../phase',
  ].map(
    (target): Attempt => ({
      name: `reaches the phase as ${target}`,
      tries: `return get('GET', '${target}')`,
      held: ({ status, body }: { status: number; body: string }) => status >= 400 && !body.includes('phaseKey'),
    }),
  ),
  ...Object.entries({
    'a length and chunks':
      'POST /events HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 3\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\nGET /phase HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n',
    'two lengths': 'POST /events HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 3\\r\\nContent-Length: 30\\r\\n\\r\\nabc',
    'a folded header': 'GET /phase HTTP/1.1\\r\\nHost: x\\r\\nX: a\\r\\n b\\r\\n\\r\\n',
    'a NUL in a header': 'GET /phase HTTP/1.1\\r\\nHost: x\\r\\nX: a\\u0000b\\r\\n\\r\\n',
    'bare line feeds': 'GET /phase HTTP/1.1\\nHost: x\\n\\n',
    'pipelined requests': 'GET /phase HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nGET /phase HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n',
    'an absolute target': 'GET http://127.0.0.1/phase HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n',
    'an upgrade': 'GET /phase HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n',
  }).map(
    ([name, text]): Attempt => ({
      name: `sends the gateway ${name}`,
      tries: `return raw("${text}")`,
      held: (answer: string) => !/^HTTP\/1\.1 2/m.test(answer) && !answer.includes('phaseKey'),
    }),
  ),
  ...[
    'example.com:443',
    'example.com:80',
    '127.0.0.1:443',
    '[::1]:443',
    '[::ffff:127.0.0.1]:443',
    '169.254.169.254:443',
    '169.254.169.254:80',
    '10.0.0.1:443',
    'localhost:443',
    '0x7f000001:443',
    '2130706433:443',
    '127.1:443',
    'github.com:443',
    'registry.npmjs.org:443',
    'example.com.:443',
    'user@example.com:443',
    'example.com:443/x',
  ].map(
    (target): Attempt => ({
      name: `connects to ${target} through the gateway`,
      tries: `return raw('CONNECT ${target} HTTP/1.1\\r\\nHost: ${target}\\r\\nProxy-Authorization: Basic ' + Buffer.from('agent:' + process.env.DRYDOCK_KEY).toString('base64') + '\\r\\n\\r\\n')`,
      held: (answer: string) => !/^HTTP\/1\.1 200/.test(answer),
    }),
  ),
  {
    name: 'guesses the secret of the runner',
    tries: `return Promise.all(['0'.repeat(64), process.env.DRYDOCK_KEY.slice(0, 63) + '0', '', 'null'].map(async (k) => (await get('GET', '/phase', { authorization: 'Bearer ' + k })).status))`,
    held: (all: number[]) => all.every((status) => status === 401 || status === 403),
  },
  {
    name: 'reports events in the name of the runner',
    tries: `return (await get('POST', '/events', {}, '{"type":"message","text":"all tests passed"}')).status`,
    held: 403,
  },
  {
    name: 'installs a package that is not allowed',
    tries: `return (await get('GET', '/registry/npm/left-pad')).status`,
    held: 403,
  },
  {
    name: 'calls a model that is not allowed',
    tries: `return (await get('POST', '/model/openai/v1/chat/completions', { 'content-type': 'application/json' }, '{"model":"gpt-5","messages":[]}')).status`,
    held: (status: number) => status >= 400,
  },
];

export const attempts: Attempt[] = [...seen, ...written, ...calls, ...network, ...routes];
