/** An agent that asks MCP servers what a test tells it to, and leaves the answers. */
import { createRequire } from 'node:module';
import { build } from 'esbuild';

/** One step: a message to a server, or what its program prints for a line that is no message. */
export type Step = [server: string, message: object | string];

/** Program of an agent that takes these steps, and leaves the answers in `answers.json`. */
export const askingAgent = (steps: readonly Step[], more = ''): string => `
import { spawn } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const { mcpServers } = JSON.parse(readFileSync(process.env.DRYDOCK_MCP_CONFIG, 'utf8'));
const open = new Map();
function program(name) {
  if (open.has(name)) return open.get(name);
  const { command, args, env } = mcpServers[name];
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
  });
  child.on('exit', () => { for (const each of waiting.values()) each('ended'); open.delete(name); });
  const made = { child, waiting };
  open.set(name, made);
  return made;
}
async function ask(name, message) {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  if (mcpServers[name].url !== undefined) {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const answer = await fetch(mcpServers[name].url, { method: 'POST', headers, body: text });
    return { status: answer.status, body: await answer.text() };
  }
  const { child, waiting } = program(name);
  child.stdin.write(text + '\\n');
  if (message.id === undefined && typeof message !== 'string') return null;
  return new Promise((resolve) => waiting.set(message.id, resolve));
}
${more}
const answers = [];
for (const [name, message] of ${JSON.stringify(steps)}) answers.push(await ask(name, message));
for (const { child } of open.values()) child.stdin.end();
writeFileSync('answers.json', JSON.stringify({ answers, servers: mcpServers, environment: process.env }));
`;

const { resolve } = createRequire(import.meta.url);

/** A published server as one file, which a sandbox can run without its packages. */
export async function serverFile(name: 'everything' | 'filesystem' | 'memory'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [resolve(`@modelcontextprotocol/server-${name}/dist/index.js`)],
    ...{ bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'silent' },
    banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
  });
  return outputFiles[0]?.text ?? '';
}
