/** A model that plays a script in the interfaces of Anthropic, Google and OpenAI, so that real agents work without one. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropic, chat, google, responses, type Usage } from './interfaces.ts';
import type { Script } from './script.ts';

export interface ScriptedModel {
  url: string;
  /** The usage of each call, as this model counts it. */
  calls: { path: string; usage: Usage }[];
  /** What it answers in the place of the script, for tests of faults. */
  instead: ((response: http.ServerResponse) => void) | undefined;
  close(): void;
}

const interfaces = [
  { path: /\/messages$/, speak: anthropic },
  { path: /\/chat\/completions$/, speak: chat },
  { path: /\/responses$/, speak: responses },
  { path: /:streamGenerateContent$/, speak: google(true) },
  { path: /:generateContent$/, speak: google(false) },
];

/** @param host Address of this machine at which it listens. */
export async function startScriptedModel(script: Script, host = '127.0.0.1'): Promise<ScriptedModel> {
  const calls: ScriptedModel['calls'] = [];
  const model: ScriptedModel = { url: '', calls, instead: undefined, close: () => undefined };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = new URL(request.url ?? '', 'http://model').pathname;
      const raw = Buffer.concat(chunks).toString();
      if (/(?:count_tokens|:countTokens)$/.test(path)) {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":1,"totalTokens":1}');
        return;
      }
      const found = interfaces.find((each) => each.path.test(path));
      if (found === undefined) response.writeHead(404).end();
      else if (model.instead !== undefined) model.instead(response);
      else calls.push({ path, usage: found.speak(script, JSON.parse(raw), raw, response) });
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  model.url = `http://${host}:${(server.address() as AddressInfo).port}`;
  model.close = () => {
    server.closeAllConnections();
    server.close();
  };
  return model;
}
