// An agent without a model that asks the MCP servers of its phase. Agents that Drydock knows by name are configured for them;
// any other finds them in the file that $DRYDOCK_MCP_CONFIG names.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const { mcpServers } = JSON.parse(readFileSync(process.env.DRYDOCK_MCP_CONFIG, 'utf8'));
let count = 0;

/** Asks a server by HTTP, or by the standard streams of a program. */
async function connect({ url, command, args, env }) {
  if (url !== undefined)
    return {
      async send(message) {
        const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
        const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(message) });
        return answer.status === 202 ? undefined : answer.json();
      },
      close: () => undefined,
    };
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async send(message) {
      child.stdin.write(`${JSON.stringify(message)}\n`);
      return message.id === undefined ? undefined : JSON.parse((await lines.next()).value);
    },
    close: () => child.stdin.end(),
  };
}

/** The text that a tool returns. */
async function call(server, tool, input) {
  const { send, close } = await connect(mcpServers[server]);
  const ask = async (method, params) => {
    count += 1;
    const { result, error } = await send({ jsonrpc: '2.0', id: count, method, params });
    if (error !== undefined) throw new Error(error.message);
    return result;
  };
  const clientInfo = { name: 'example', version: '1' };
  await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  await send({ jsonrpc: '2.0', method: 'notifications/initialized' });
  try {
    return (await ask('tools/call', { name: tool, arguments: input })).content[0].text;
  } finally {
    close();
  }
}

const name = await call('glossary', 'lookup', { identifier: 'slugify' });
const places = await call('words', 'count', { word: 'slugify' });
await call('drydock', 'report_progress', { text: `The glossary says ${name}; slugify stands in ${places} places.` });
await call('glossary', 'erase', { identifier: 'slugify' }).catch(({ message }) => console.log(message));
for (const file of ['src/slug.js', 'test/slug.test.js'])
  writeFileSync(file, readFileSync(file, 'utf8').replace(/\bslugify\b/g, name));
