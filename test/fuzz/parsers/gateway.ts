import { parseJson } from '../../../core/bounded-json.ts';
import { matchesPath, normalPath } from '../../../core/egress/path.ts';
import { LineSplitter } from '../../../core/text/lines.ts';
import { parseAuthority } from '../../../gateway/egress/connect.ts';
import { serverName } from '../../../gateway/egress/sni.ts';
import { readMessage } from '../../../gateway/messages.ts';
import { replayer, replaySession } from '../../../gateway/meter/replay.ts';
import { judge } from '../../../gateway/phase/verdict.ts';
import { lockedChecksums } from '../../../gateway/registry/locked-archives.ts';
import { npmPath } from '../../../gateway/registry/npm-path.ts';
import { upstreamUrl } from '../../../gateway/registry/registry.ts';
import { rewriteUrls } from '../../../gateway/registry/rewrite.ts';
import { eventOf } from '../../../gateway/routes/events.ts';
import { type Parser, textUnits } from '../parser.ts';

const events = [
  { type: 'step', name: 'install', status: 'passed', ms: 5 },
  { type: 'log', source: 'agent', text: 'hello\n' },
  { type: 'message', text: 'ä€😀' },
  { type: 'tool', id: 't', title: 'Read a', status: 'completed', detail: 'd' },
  { type: 'plan', entries: [{ content: 'c', status: 'pending' }] },
];
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const phaseKey = 'run/build/1/1';
const base = 'https://registry.example/npm/';
const mirror = 'http://127.0.0.1:8787/registry/npm/';
const integrity = `sha512-${'A'.repeat(86)}==`;

function* linesOf(input: Buffer): Generator<Uint8Array | undefined> {
  const splitter = new LineSplitter(4_096);
  // Cut in the middle, as a socket may cut it.
  const half = input.length >> 1;
  yield* splitter.push(input.subarray(0, half));
  yield* splitter.push(input.subarray(half));
  yield splitter.rest();
}

const clientHello = Buffer.from(
  '16030100a8010000a40303' +
    '11'.repeat(32) +
    '00' +
    '000213010100' +
    '0079' +
    '00000010000e00000b6578616d706c652e636f6d' +
    '000a00040002001d' +
    '0010000b000908687474702f312e31' +
    '002b0003020304' +
    `0015004100${'00'.repeat(64)}`,
  'hex',
);

export const gatewayParsers: Record<string, Parser> = {
  'lines of events': {
    parse(input) {
      const output = [...linesOf(input)].flatMap((one) => (one && eventOf(one)) ?? []);
      return { valid: output.length > 0, output };
    },
    samples: { bytes: [events.map(line).join(''), ...events.map(line)] },
    grows: [...textUnits(), ...textUnits('{"type":"message","text":"', '"}\n'), { unit: line(events[0]) }],
  },
  'messages of the gateway': {
    parse(input) {
      const output = readMessage(input);
      return { valid: output !== undefined, output };
    },
    samples: {
      json: [
        ...events.map((event) => ({ type: 'event', event })),
        { type: 'event', event: { type: 'cost', usdMicros: 5 } },
        { type: 'refusal', refusal: { target: 't', command: 'c', reason: 'r', allow: '', at: 'now' } },
        { type: 'artifact', name: 'result.json', bytes: 5 },
        { type: 'traffic', route: 'registry', target: 'npm/a', bytes: 5 },
        { type: 'failure', name: 'BudgetExhausted', message: 'm' },
        { type: 'left-out', events: 1, refusals: 2, traffic: 3, bytes: 4 },
      ],
    },
    grows: textUnits('{"type":"failure","name":"x","message":"', '"}'),
  },
  'result of a phase': {
    parse(bytes) {
      const ended = { enforcer: 'none', lost: { name: 'SandboxLost', message: '' } };
      const output = judge({ ended, reported: undefined, bytes, phaseKey });
      return { valid: output.result !== undefined, output };
    },
    samples: {
      json: [
        {
          phaseKey,
          outcome: 'question',
          question: { question: 'q', context: '', options: ['a'], suggested: 'a' },
          checkpoint: { name: 'c', summary: 's' },
          error: { name: 'AgentFailed', message: 'm' },
          plan: 'phases: []',
          handoff: 'h',
          changeSet: true,
          baseline: 'green',
          commands: [{ name: 'test', command: 'npm test', exitCode: 0, timedOut: false, ms: 1, output: 'ok' }],
          versions: { node: '24.0.0' },
          agent: { exitCode: 0, stopReason: 'end_turn', ms: 1 },
          timings: { clone: 1 },
        },
      ],
    },
    grows: [
      ...textUnits(`{"phaseKey":"${phaseKey}","commands":[`, ']}'),
      { before: '{"commands":[', unit: '{},', after: '{}]}' },
      { before: '{"versions":{', unit: '"a":"b",', after: '"c":"d"}}' },
    ],
  },
  'server name of a ClientHello': {
    parse(input) {
      const output = serverName(input);
      if (output.kind === 'name' && !/^[!-~]+$/.test(output.name)) throw new Error('the name is not printable');
      return { valid: output.kind === 'name', output };
    },
    samples: { bytes: [clientHello] },
    grows: [
      { before: '\u0016\u0003\u0001@\u0000', unit: '\u0000' },
      { before: clientHello.toString('latin1'), unit: 'a' },
      { unit: '\u0016\u0003\u0001' },
    ],
  },
  'target of a tunnel': {
    parse(input) {
      const output = parseAuthority(input.toString('latin1'));
      return { valid: output !== undefined, output };
    },
    samples: { bytes: ['example.com:443', '[::1]:443', '127.0.0.1:8080', 'a_b.example-x.com:1'] },
    grows: [...textUnits(), ...textUnits('a', ':443'), { unit: '1', before: 'a:' }, { unit: 'a.', after: ':443' }],
  },
  'path of a registry': {
    parse(input) {
      const output = upstreamUrl(base, npmPath(input.toString('latin1')))?.href;
      if (
        output !== undefined &&
        (!output.startsWith(base) || /\/\.|%(?!2f|2B)|[\\;?#]/.test(output.slice(base.length - 1)))
      )
        throw new Error('the path leaves the registry');
      return { valid: output !== undefined, output };
    },
    samples: {
      bytes: ['tiny', '@scope%2fname', '@scope/name/-/name-1.0.0.tgz', 'tiny/-/tiny-1.0.0%2Bb.tgz', 'tiny/latest'],
    },
    grows: [...textUnits(), ...textUnits('@a/'), ...textUnits('a/-/', '.tgz')],
  },
  'document of a registry': {
    async parse(input) {
      const stream = rewriteUrls([{ from: base.endsWith('/') ? base : `${base}/`, to: mirror }]);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      const ended = new Promise((resolve) => stream.once('end', resolve));
      stream.write(input.subarray(0, input.length >> 1));
      stream.end(input.subarray(input.length >> 1));
      await ended;
      const output = Buffer.concat(chunks);
      if (output.includes(base)) throw new Error('an address of the registry is left');
      return { valid: output.includes(mirror), output: output.toString('latin1') };
    },
    samples: {
      bytes: [
        JSON.stringify({
          name: 'a',
          versions: { '1.0.0': { dist: { tarball: `${base}a/-/a-1.0.0.tgz`, integrity } } },
        }),
        JSON.stringify({ a: `${base}${base}x` }).replaceAll('/', '\\/'),
        JSON.stringify({ a: `${base}x`, b: `${base.replaceAll('/', '\\/')}x` }),
      ],
    },
    grows: [...textUnits(), { unit: base }, { unit: base.slice(0, -1) }, { unit: 'https:\\/\\/' }, { unit: 'h' }],
    // The mirror's address may be longer, and bytes that are not ASCII are escaped.
    outputPerByte: 8,
  },
  'lock file': {
    parse(input) {
      const output = Object.fromEntries(lockedChecksums(new Map([['package-lock.json', input.toString('utf8')]])));
      return { valid: Object.keys(output).length > 0, output };
    },
    samples: {
      json: [
        {
          lockfileVersion: 3,
          packages: {
            '': { name: 'x' },
            'node_modules/a': { version: '1.0.0', integrity },
            'node_modules/b/node_modules/@s/c': { version: '2.0.0', integrity, name: 'd' },
          },
        },
      ],
    },
    grows: [
      ...textUnits('{"packages":{"node_modules/', '":{}}}'),
      {
        before: '{"packages":{',
        unit: `"node_modules/a":{"version":"1","integrity":"${integrity}"},`,
        after: '"b":{}}}',
      },
      { before: '{"packages":{"node_modules/a":{"version":"1","integrity":"', unit: 'sha512-', after: '"}}}' },
    ],
    outputPerByte: 8,
  },
  'lock file of lines': {
    parse(input) {
      const text = input.toString('utf8');
      const names = ['yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'poetry.lock', 'requirements.txt', 'Cargo.lock'];
      const output = Object.fromEntries(lockedChecksums(new Map(names.map((name) => [name, text]))));
      if (Object.values(output).some((list) => list.some((hex) => !/^[0-9a-f]{64}(?:[0-9a-f]{64})?$/.test(hex))))
        throw new Error('a checksum is not one');
      return { valid: Object.keys(output).length > 0, output };
    },
    samples: {
      bytes: [
        `a@1:\n  version "1"\n  resolved "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#00"\n  integrity ${integrity}\n`,
        `packages:\n\n  '@s/a@1.0.0':\n    resolution: {integrity: ${integrity}}\n`,
        `    "a": ["a@1.0.0", "", {}, "${integrity}"],\n`,
        `files = [\n    {file = "a-1.0-py3-none-any.whl", hash = "sha256:${'0'.repeat(64)}"},\n]\n`,
        `a==1.0 \\\n    --hash=sha256:${'0'.repeat(64)} \\\n    --hash=sha256:${'1'.repeat(64)}\n`,
        `[[package]]\nname = "a"\nversion = "1.0.0"\nchecksum = "${'0'.repeat(64)}"\n`,
      ],
    },
    grows: [
      ...textUnits(),
      ...textUnits('  resolved "https://', '/a/-/a-1.tgz"\n'),
      ...textUnits("  '@", "@1.0.0':\n"),
      ...textUnits('    "a": ["', '"]\n'),
      ...textUnits('a==1 ', '\n'),
      { unit: `--hash=sha256:${'0'.repeat(64)} ` },
      { before: 'a==1', unit: ` --hash=sha256:${'0'.repeat(64)}\n` },
      { unit: `a==1 --hash=sha256:${'0'.repeat(64)}\n` },
    ],
    outputPerByte: 8,
  },
  'path of a rule': {
    parse(input) {
      const path = normalPath(input.toString('latin1'));
      if ('fault' in path) return { valid: false, output: path };
      const isWithin = matchesPath('/v1/**', path);
      const seen = new URL(path.sent.replaceAll('\\', '/'), 'https://host').pathname;
      if (isWithin && !/^\/(?:v|%76)(?:1|%31)(?:\/|$)/i.test(seen)) throw new Error('the path leaves its folder');
      return { valid: true, output: isWithin };
    },
    samples: { bytes: ['/v1/a/b?c=d', '/v1/%2e%2e/x', '/v1/a%2Fb', '/%76%31/;x', '/'] },
    grows: [...textUnits('/v1/'), ...textUnits('/'), { before: '/', unit: 'a/' }, { before: '/v1', unit: '%2F' }],
  },
  'recorded session': {
    parse(input) {
      const json = parseJson(input, { depth: 50, values: 100_000 });
      const session = 'value' in json ? replaySession.safeParse(json.value).data : undefined;
      if (session === undefined) return { valid: false, output: undefined };
      const next = replayer(session);
      return { valid: true, output: session.calls.map((call) => next(call.model ?? session.model, call.kind)) };
    },
    samples: {
      json: [
        {
          provider: 'google',
          model: 'gemini-2.5-pro',
          calls: [
            { kind: 'generateContent', status: 200, headers: { 'content-type': 'application/json' }, body: { a: 1 } },
            { kind: 'countTokens', model: 'm', status: 200, headers: {}, body: 'data: {}' },
          ],
        },
      ],
    },
    grows: textUnits('{"provider":"p","model":"m","calls":[{"kind":"k","status":200,"headers":{},"body":"', '"}]}'),
  },
};
