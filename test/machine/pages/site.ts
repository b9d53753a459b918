import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { type Browser, chromium } from 'playwright-core';
import { loadPolicy } from '../../../cli/config/load-policy.ts';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import { readScope } from '../../../core/review/readers.ts';
import { testChannel } from '../../../pipeline/notices/test-message.ts';
import { createWeb } from '../../../web/app.ts';
import { oneVisitor } from '../../../web/security/request-guard.ts';
import { type Script, scriptedRunner } from '../../support/scripted-runner.ts';
import { createWorld, type World } from '../../support/world.ts';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Chromium of the system; scripts/ensure-tools.ts installs it for the tests. */
export function startBrowser(): Promise<Browser> {
  const executablePath = places.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('Chromium is missing: node scripts/ensure-tools.ts chromium');
  const quiet = ['no-first-run', 'disable-background-networking', 'disable-component-update', 'disable-sync'];
  const args = ['no-sandbox', 'disable-gpu', 'disable-quic', ...quiet].map((flag) => `--${flag}`);
  return chromium.launch({ executablePath, headless: true, args });
}

/** A whole machine behind pages: engine, stores and git are real, only what runs in the sandbox is scripted. */
export interface Site {
  world: World;
  serverProcess: ServerProcess;
  /** Pages under which votes are cast as this person. */
  as(who: string): Promise<string>;
  close(): Promise<void>;
}

/** @param change Of the policy. */
export async function createSite(script?: Script, change: Record<string, unknown> = {}): Promise<Site> {
  const world = createWorld();
  world.policy(change);
  let url: string | undefined;
  const serverProcess = await world.open({ runner: scriptedRunner(script), webUrl: () => url });
  const { policy } = loadPolicy({ policy: join(world.folder, 'policy.yaml'), repositories: new Map() });
  const closing: (() => Promise<void>)[] = [];
  return {
    world,
    serverProcess,
    async as(who) {
      const { serviceFor, watch, outbox, channels } = serverProcess;
      const web = createWeb({
        service: (person) => serviceFor(readScope(policy, person)),
        watch,
        outbox,
        channels: channels.map(({ name }) => name),
        testChannel: (channel, person) => testChannel(channels, channel, person, Date.now()),
        authenticate: oneVisitor(who, randomBytes(32)),
        policy,
        now: Date.now,
      });
      const server = createServer(getRequestListener(web.fetch));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      closing.push(
        () =>
          new Promise((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      );
      const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      url ??= own;
      return own;
    },
    async close() {
      for (const end of closing) await end();
      await serverProcess.close();
      world.remove();
    },
  };
}
