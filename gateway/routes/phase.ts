import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type GatewayContext, type Route, sendJson } from '../context.ts';

/** `GET /phase`: the spec of the phase. */
export const phaseRoute =
  (context: GatewayContext): Route =>
  ({ response }) =>
    sendJson(response, 200, context.config.spec);

/** `GET /inputs/<name>`: an input of the phase. A name is only a key and never part of a path. */
export const inputsRoute =
  (context: GatewayContext): Route =>
  async ({ response, rest }) => {
    const name = decodeURIComponent(rest);
    const file = Object.hasOwn(context.config.inputs, name) ? context.config.inputs[name] : undefined;
    if (file === undefined) {
      sendJson(response, 404, { error: { message: `no input ${name}` } });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    await pipeline(createReadStream(file), response);
  };
