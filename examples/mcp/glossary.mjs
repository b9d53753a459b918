// A server of the Model Context Protocol over HTTP, on this machine. It wants a key, and has a tool that nobody should call.
import { createServer } from 'node:http';

const names = { slugify: 'toSlug' };
const tools = ['lookup', 'erase'].map((name) => ({
  name,
  description: name === 'lookup' ? 'The name that the glossary has for an identifier.' : 'Erases the glossary.',
  inputSchema: { type: 'object', properties: { identifier: { type: 'string' } }, required: ['identifier'] },
}));

function answer({ method, params }) {
  if (method === 'initialize')
    return {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'glossary', version: '1' },
    };
  if (method === 'tools/list') return { tools };
  if (params?.name === 'erase') throw new Error('erased');
  return { content: [{ type: 'text', text: names[params.arguments.identifier] ?? 'unknown' }] };
}

createServer(async (request, response) => {
  if (request.method !== 'POST') return response.writeHead(405).end();
  if (request.headers.authorization !== `Bearer ${process.env.GLOSSARY_KEY}`) return response.writeHead(401).end();
  let body = '';
  for await (const chunk of request) body += chunk;
  const message = JSON.parse(body);
  if (message.id === undefined) return response.writeHead(202).end();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: answer(message) }));
}).listen(8931, '127.0.0.1', () => console.log('The glossary listens on 127.0.0.1:8931.'));
