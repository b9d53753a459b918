// What a hostile agent does, by its first argument. Each goes on until the phase ends it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { createInterface } from 'node:readline';

const url = new URL(process.env.DRYDOCK_GATEWAY);
const at = { host: url.hostname, port: Number(url.port) };
const sleep = (ms) => new Promise((go) => setTimeout(go, ms));
const write = async (stream, text) => stream.write(text) || (await once(stream, 'drain'));
const ask = (method, path, headers = {}, body = '') =>
  new Promise((done) => {
    const request = http.request(
      { ...at, method, path, headers: { authorization: `Bearer ${process.env.DRYDOCK_KEY}`, ...headers } },
      (answer) => {
        answer.resume();
        answer.on('close', () => done(answer.statusCode));
      },
    );
    request.on('error', () => done(0));
    request.end(body);
  });
const forever = async (act) => {
  for (;;) await act();
};

const acts = {
  flood: () => forever(() => write(process.stdout, `${'a line of the log '.repeat(4000)}\n`)),
  errors: () => forever(() => write(process.stderr, `${'\u001b[31mnot ok 1 - x\n'.repeat(4000)}`)),
  line: () => forever(() => write(process.stdout, 'x'.repeat(65_536))),
  slow: () =>
    forever(async () => {
      await write(process.stdout, 'x');
      await sleep(20);
    }),
  lines: () => forever(() => write(process.stdout, '\n'.repeat(65_536))),
  async end() {
    // Much at its end, in one piece, as a program that prints its report does.
    fs.writeSync(1, `${'the end '.repeat(500_000)}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
  forks: () =>
    forever(async () => {
      for (let i = 0; i < 50; i++)
        spawn('sleep', ['100'], { stdio: 'ignore', detached: true }).on('error', () => undefined);
      await sleep(10);
    }),
  inodes: () =>
    forever(async () => {
      const name = `d${Math.random()}`;
      fs.mkdirSync(name);
      for (let i = 0; i < 2_000; i++) fs.writeFileSync(`${name}/${i}`, '');
      await sleep(1);
    }),
  disk: () =>
    forever(async () => {
      fs.appendFileSync('large', Buffer.alloc(8 * 1024 * 1024, 'x'));
      await sleep(1);
    }),
  memory: async () => {
    const all = [];
    await forever(async () => {
      all.push(Buffer.alloc(16 * 1024 * 1024, 'x'));
      await sleep(1);
    });
  },
  sockets: () =>
    forever(async () => {
      for (let i = 0; i < 200; i++)
        net
          .connect(at)
          .on('error', () => undefined)
          .on('connect', function () {
            this.write('GET / HTTP/1.1\r\nX: ');
          });
      await sleep(50);
    }),
  requests: () =>
    forever(() =>
      Promise.all(Array.from({ length: 50 }, () => ask('GET', `/${'long-path/'.repeat(700)}${Math.random()}`))),
    ),
  bodies: () =>
    forever(() =>
      Promise.all(
        Array.from({ length: 8 }, () =>
          ask(
            'POST',
            '/model/google/v1beta/models/gemini-2.5-flash:generateContent',
            { 'content-type': 'application/json' },
            Buffer.alloc(40 * 1024 * 1024, '['),
          ),
        ),
      ),
    ),
  events: () =>
    forever(() =>
      Promise.all(
        Array.from({ length: 50 }, () =>
          ask('POST', '/events', {}, `{"type":"message","text":"${'x'.repeat(60_000)}"}`),
        ),
      ),
    ),
  connects: () =>
    forever(() =>
      Promise.all(
        Array.from(
          { length: 50 },
          (_, i) =>
            new Promise((done) => {
              const s = net.connect(at, () => s.write(`CONNECT host-${i}.example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n`));
              s.on('error', done);
              s.on('data', () => s.destroy());
              s.on('close', done);
            }),
        ),
      ),
    ),
  outputs() {
    const out = process.env.DRYDOCK_OUT;
    fs.writeFileSync(`${out}/question.json`, '['.repeat(5_000_000));
    fs.writeFileSync(`${out}/plan.yaml`, `a: &a [${'x,'.repeat(100_000)}]\nb: [${'*a,'.repeat(100_000)}]\n`);
    fs.writeFileSync(`${out}/handoff.md`, '> '.repeat(2_000_000));
    fs.writeFileSync(`${out}/checkpoint.json`, `{"a":${'{"a":'.repeat(100_000)}`);
  },
  tree() {
    // Slow for a guard that reads sources with expressions: blank lines, comments without an end.
    fs.mkdirSync('test', { recursive: true });
    fs.writeFileSync('test/blank.test.js', '\n'.repeat(2_000_000));
    fs.writeFileSync('test/open.test.js', '/*'.repeat(1_000_000));
    fs.writeFileSync('src/math.js', `${'(((('.repeat(200_000)}`);
  },
  many() {
    for (let i = 0; i < 30_000; i++) {
      if (i % 1_000 === 0) fs.mkdirSync(`many/${i / 1_000}`, { recursive: true });
      fs.writeFileSync(`many/${Math.floor(i / 1_000)}/${i}.js`, String(i));
    }
  },
  async acp() {
    const send = (message) => write(process.stdout, `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const update = (change) => send({ method: 'session/update', params: { sessionId: 's', update: change } });
    for await (const line of createInterface({ input: process.stdin })) {
      const { id, method } = JSON.parse(line);
      if (method === 'initialize') await send({ id, result: { protocolVersion: 1, agentCapabilities: {} } });
      else if (method === 'session/new') await send({ id, result: { sessionId: 's' } });
      else if (method === 'session/prompt') {
        await forever(async () => {
          await update({
            sessionUpdate: 'agent_message_chunk',
            content: { type: 'text', text: 'x'.repeat(1_000_000) },
          });
          for (let i = 0; i < 500; i++)
            await update({
              sessionUpdate: 'tool_call',
              toolCallId: String(Math.random()),
              title: 'x'.repeat(2_000),
              kind: 'execute',
              status: 'pending',
            });
          await write(process.stdout, '{"jsonrpc":"2.0","method":\n');
        });
      }
    }
  },
};
await acts[process.argv[2]]();
