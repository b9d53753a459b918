/** GitHub as an App sees itself: what the emulator does not have. */
import { createServer } from 'node:http';

export interface AppFacts {
  hook: object;
  deliveries: object[];
  /** Of every answer. */
  status: number;
  installed: boolean;
}

export async function startAppApi(facts: AppFacts): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://github');
    const signed = /^bearer ey/i.test(request.headers.authorization ?? '');
    const answers: Record<string, unknown> = {
      '/app': { id: 1, slug: 'acme-drydock' },
      '/app/hook/config': facts.hook,
      '/app/hook/deliveries': facts.deliveries,
    };
    const installation =
      /^\/repos\/[^/]+\/[^/]+\/installation$/.test(pathname) && facts.installed ? { id: 2 } : undefined;
    const body = answers[pathname] ?? installation;
    const status = !signed ? 401 : facts.status !== 200 ? facts.status : body === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? body : { message: 'no' }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
