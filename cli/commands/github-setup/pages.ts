import { html } from 'hono/html';
import { type AppManifest, events, permissions } from '../../../adapters/github/api/app-manifest.ts';

const layout = (title: string, body: ReturnType<typeof html>) => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><link rel="stylesheet" href="/style.css"></head><body><main><h1>${title}</h1>${body}</main></body></html>`;

export const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0}main{max-width:46rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}
button{font:inherit;padding:.6rem 1.2rem;margin:1rem 0}code{overflow-wrap:anywhere}`;

/** Shows the app that will be created, and a button that posts the manifest to GitHub. `action` contains the state. */
export function startPage(manifest: AppManifest, action: string, account: string) {
  return layout(
    'Create the GitHub app',
    html`<p>GitHub shows the name <code>${manifest.name}</code>, which you can change, creates the app under ${account}, and
sends you back here. Only that account can install the app. GitHub sends the key and the webhook secret to this machine,
so you do not copy them.</p>
<h2>Permissions</h2><table><thead><tr><th>Permission</th><th>Access</th><th>For</th></tr></thead><tbody>${Object.entries(
      permissions,
    ).map(
      ([name, { access, reason }]) => html`<tr><td>${name}</td><td>${access}</td><td>${reason}</td></tr>`,
    )}</tbody></table>
<h2>Events</h2>${
      manifest.hook_attributes === undefined
        ? html`<p>None, because no <code>--webhook-url</code> was given. Drydock checks every few minutes for pushed specs;
it does not receive reviews and comments.</p>`
        : html`<p>Sent to <code>${manifest.hook_attributes.url}</code></p><table><tbody>${Object.entries(events).map(
            ([name, reason]) => html`<tr><td>${name}</td><td>${reason}</td></tr>`,
          )}</tbody></table>`
    }
<form method="post" action="${action}"><input type="hidden" name="manifest" value="${JSON.stringify(manifest)}">
<button type="submit">Create the app on ${new URL(action).host}</button></form>`,
  );
}

export const donePage = (slug: string, installUrl: string) =>
  layout(
    'The app was created',
    html`<p>The key of <code>${slug}</code> is stored. Now <a href="${installUrl}" rel="noreferrer">install the app</a> on the
repositories that the policy lists, and return to the terminal.</p>`,
  );

export const faultPage = (message: string, remedy: string) =>
  layout('The app was not stored', html`<p role="alert">${message}</p><p>${remedy}</p>`);
