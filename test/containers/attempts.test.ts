/** What an agent tries from inside a container of this machine: all that it tries in bubblewrap, and what a network adds. */

import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Attempt, attempts } from '../machine/attack/sandbox/attempts.ts';
import { foundBy, holds, program } from '../machine/attack/sandbox/battery.ts';
import { makeJob, makeWorld, project, runJob, type World } from '../machine/contract/phase-fixtures.ts';
import { inContainers } from '../support/containers/walls.ts';
import { shown } from '../support/shown.ts';

/** What is another thing in a container by design, and what has to hold there instead. */
const instead: Record<string, Attempt['held']> = {
  // The runner's folder is its own phase's, as on Fargate (docs/adr/0010): git's objects, no secret.
  'reads /run/runner': (text: string) =>
    text.split(',').every((name) => ['attributes', 'git', 'index', 'tree'].includes(name)),
  'reads /run/runner.cjs': /use strict/,
  // The image's own folders and users: Debian's, and the agent.
  'reads /var': (text: string) => text.split(',').every((name) => /^[a-z]+$/.test(name)),
  'reads /sys/kernel/debug': (text: string) => text === '' || /EACCES|ENOENT/.test(text),
  'finds a name of the host’s users': (text: string) =>
    text
      .split('\n')
      .slice(0, -1)
      .every((line) => Number(line.split(':')[2]) < 100 || /^(?:agent|_apt|nobody):/.test(line)),
  // The first process and the runner, of which nothing can be opened.
  'sees processes that it did not start': (count: number) => count <= 2,
  // A copy of the profile's files, for this phase.
  'writes its own program': 'written',
  'has another interface than loopback': (names: string[]) => names.length === 1,
};

/** A service of this machine that listens at every address. */
let service: Server;
let reached = 0;

/** @param port Of the service. */
function more(port: number): Attempt[] {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const addresses = all.filter(({ internal }) => !internal).map(({ address }) => address);
  const own = `const own = Object.values(os.networkInterfaces()).flat().filter((a) => !a.internal);
    const near = own.filter((a) => a.family === 'IPv4').flatMap((a) => [1, 2, 3, 4, 5, 254].map((n) => a.address.replace(/\\d+$/, String(n))));`;
  const notOpen = (said: string[]): boolean => said.every((answer) => answer !== 'open');
  return [
    {
      name: 'reaches a service of this machine, at each of its addresses',
      tries: `return Promise.all(${JSON.stringify(addresses)}.map((a) => dial(${port}, a)))`,
      held: notOpen,
    },
    {
      name: 'reaches a service of this machine, at the addresses of its own network',
      tries: `${own} return Promise.all(near.map((a) => dial(${port}, a)))`,
      held: notOpen,
    },
    {
      name: 'has an IPv6 address, which would reach the other end of its network',
      tries: `${own} return own.filter((a) => a.family === 'IPv6').length`,
      held: 0,
    },
    {
      name: 'asks the resolvers near it for a name',
      tries: `${own} const found = []; for (const server of near) { const r = new dns.Resolver({ timeout: 400, tries: 1 }); r.setServers([server]); try { found.push(await r.resolve4('example.com')); } catch {} } return found`,
      held: [],
    },
    {
      name: 'finds the socket of the engine',
      tries: `return ['/var/run/docker.sock', '/run/docker.sock', '/run/podman/podman.sock', '/run/containerd/containerd.sock'].filter((f) => fs.existsSync(f))`,
      held: [],
    },
    {
      name: 'gets another answer for the ticket in the environment of the first process',
      tries: `let ticket = ''; try { ticket = /DRYDOCK_TICKET=(\\w+)/.exec(fs.readFileSync('/proc/1/environ', 'utf8'))?.[1] ?? '' } catch {} return (await get('POST', '/boot', { authorization: 'Bearer ' + ticket })).status`,
      held: 403,
    },
    {
      name: 'finds a proxy of this machine in the environment of the first process',
      tries: `try { return /_PROXY=([^\\0]+)/i.exec(fs.readFileSync('/proc/1/environ', 'utf8'))?.[1] ?? '' } catch { return '' }`,
      held: '',
    },
    {
      name: 'finds a name or an address of this machine in /etc/hosts and /etc/resolv.conf',
      tries: `return ['hosts', 'resolv.conf'].map((f) => { try { return fs.readFileSync('/etc/' + f, 'utf8') } catch { return '' } }).join()`,
      held: (text: string) => addresses.every((address) => !text.includes(address)),
    },
    {
      // What has to work: tests of real projects listen on loopback by its name.
      name: 'listens on loopback, by name and in both families',
      tries: `const one = (host) => new Promise((done) => { const s = net.createServer().listen(0, host, () => { const c = net.connect(s.address().port, host, () => { c.destroy(); s.close(); done('works'); }); c.on('error', (e) => done(e.code)); }); s.on('error', (e) => done(e.code)); });
        return Promise.all(['localhost', '127.0.0.1', '::1', 'drydock'].map(one))`,
      held: ['works', 'works', 'works', 'works'],
    },
    {
      name: 'clones into a new namespace by each flag',
      tries: `return [0x10000000, 0x40000000, 0x20000, 0x20000000].map((flag) => call(56, flag | 17, 0, 0, 0, 0))`,
      held: (said: string[]) => said.every((text) => /not permitted/.test(text)),
    },
  ];
}

let all: Attempt[];
let world: World;
let results: Record<string, unknown> = {};
beforeAll(async () => {
  service = createServer((socket) => {
    reached += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => service.listen(0, resolve));
  const address = service.address();
  all = [...attempts, ...more(typeof address === 'object' && address ? address.port : 0)];
  world = makeWorld(project, { 'agent.mjs': program(all) });
  results = foundBy(await runJob(world, makeJob(world), { sandbox: inContainers() }));
});
afterAll(() => {
  service.close();
  world.remove();
});

const names = [...attempts, ...more(0)].map(({ name }) => name);
test.for(names.map((name, index) => [name, index] as const))('%s', ([name, index], { task }) => {
  const result = results[index];
  shown(task, result);
  const attempt = all[index];
  if (attempt === undefined) throw new Error('no such attempt');
  expect(result, 'the attempt did not run').not.toBeUndefined();
  const held = name in instead ? { ...attempt, held: instead[name] } : attempt;
  expect(holds(held, result), `it got ${JSON.stringify(result)}`).toBe(true);
});

test('the service of this machine was reached by nobody', () => {
  expect(reached).toBe(0);
});
