/** A program that opens every link of a mail, and submits every form that it finds, changes nothing. */
import { afterEach, expect, test } from 'vitest';
import { cardOf } from '../../../core/notification/card.ts';
import { mailHtml } from '../../../core/notification/render/mail-html.ts';
import { followRun, submit } from '../../support/world.ts';
import { createSite, type Site } from './site.ts';

let site: Site | undefined;
afterEach(async () => site?.close());

const hrefs = (html: string): string[] =>
  [...html.matchAll(/href="([^"]+)"/g)].map(([, url = '']) => url.replaceAll('&amp;', '&'));
/** Action and fields of each form; a scanner has no session, and takes the fields that the page shows without one. */
const forms = (html: string): { action: string; fields: URLSearchParams }[] =>
  [...html.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)].map(([, action = '', body = '']) => ({
    action,
    fields: new URLSearchParams(
      [...body.matchAll(/name="([^"]+)"(?: value="([^"]*)")?/g)].map(([, name = '', value = '']): [string, string] => [
        name,
        name === 'csrf' ? '' : value,
      ]),
    ),
  }));

test('R24 links of mails are followed and their forms submitted without effect', async () => {
  site = await createSite();
  const { serverProcess, world } = site;
  const origin = await site.as('lead');
  const { runId } = await submit(world, serverProcess);
  await followRun(serverProcess, runId, false);
  const before = JSON.stringify([
    await serverProcess.service.gatesOf(runId),
    await serverProcess.service.run(runId),
    await serverProcess.service.paused(),
  ]);
  const mails = (await serverProcess.outbox()).map(({ notice }) => mailHtml(cardOf(notice)));
  const links = mails.flatMap(hrefs);
  expect(links).toEqual([`${origin}/gates/${runId}.plan.1`]);
  expect(mails.join('')).not.toContain('<form');
  const seen = new Set<string>();
  let submitted = 0;
  const visit = async (url: string): Promise<void> => {
    if (seen.has(url) || seen.size > 60 || !url.startsWith(origin)) return;
    seen.add(url);
    const html = await (await fetch(url)).text();
    for (const { action, fields } of forms(html)) {
      // Another origin, as a mail program has none of ours, and no token of a session.
      const answer = await fetch(new URL(action, url), {
        method: 'POST',
        body: fields,
        redirect: 'manual',
        headers: { origin: 'https://scanner.example' },
      });
      expect([action, answer.status]).toEqual([action, expect.toSatisfy((status: number) => status >= 400)]);
      submitted += 1;
    }
    for (const link of hrefs(html)) await visit(new URL(link, url).href);
  };
  for (const link of links) await visit(link);
  expect(submitted).toBeGreaterThan(5);
  const after = JSON.stringify([
    await serverProcess.service.gatesOf(runId),
    await serverProcess.service.run(runId),
    await serverProcess.service.paused(),
  ]);
  expect(after).toBe(before);
});
