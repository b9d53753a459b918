// A server of the Model Context Protocol that runs in the sandbox: a message is a line on its standard streams.
import { execSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const tools = [
  {
    name: 'count',
    description: 'Counts the lines of the repository that hold a word.',
    inputSchema: { type: 'object', properties: { word: { type: 'string', pattern: '^\\w+$' } }, required: ['word'] },
  },
];

function answer({ method, params }) {
  if (method === 'initialize')
    return {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'words', version: '1' },
    };
  if (method === 'tools/list') return { tools };
  const word = /^\w+$/.exec(params.arguments.word)?.[0] ?? 'none';
  return {
    content: [{ type: 'text', text: execSync(`grep -rhow ${word} src test | wc -l`, { encoding: 'utf8' }).trim() }],
  };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line);
  if (message.id !== undefined)
    console.log(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: answer(message) }));
});
