import { approversOf, operatorsOf } from '../../core/policy/people.ts';
import { readScope } from '../../core/review/readers.ts';
import type { Tested } from '../../pipeline/notices/test-message.ts';
import { form, page } from '../html/layout.ts';
import { type Markup, markup } from '../html/markup.ts';
import { pauseForm } from '../lists/runs.ts';
import type { PageContext } from '../options.ts';

/**
 * What the operator has set, and the one switch that people have: whether new runs are admitted.
 * @param pausedBy Who paused the admission, and why.
 * @param tested What became of a test message that was just asked for.
 */
export function settingsPage(context: PageContext, pausedBy: string | null, tested?: Tested): Markup {
  const { policy } = context.options;
  const { limits, review } = policy;
  const people = [...new Set([...Object.keys(policy.people), ...approversOf(policy), ...operatorsOf(policy)])];
  const body = markup`<div class="head"><h1>Settings</h1>${pausedBy !== null && markup`<p><span class="chip wait">Paused</span></p>`}</div>
<section class="card"><h2>Admission of new runs</h2>${pausedBy !== null && markup`<p>Paused by <span class="text">${pausedBy}</span></p>`}${pauseForm(context, pausedBy !== null)}</section>
${channelsView(context, tested)}
<section class="card"><div class="scroll" tabindex="0" role="region" aria-label="People"><table><caption>People</caption><thead><tr><th scope="col">Person</th><th scope="col">Role</th><th scope="col">Known as</th></tr></thead><tbody>${people.map(
    (id) => {
      const { email, github, slack, iam, oidc } = policy.people[id] ?? {};
      const names = { mail: email, GitHub: github, Slack: slack, IAM: iam, 'sign-in': oidc };
      return markup`<tr><td>${id}</td><td>${rolesOf(policy, id)}</td><td class="small">${Object.entries(names)
        .flatMap(([kind, name]) => (name === undefined ? [] : [`${kind} ${name}`]))
        .join(' · ')}</td></tr>`;
    },
  )}</tbody></table></div></section>
<section class="card"><h2>Limits and review</h2><p class="quiet">From the operator’s policy. A spec may only tighten them. <code>drydock policy check</code> and <code>drydock doctor</code> say what is wrong with them.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Limits"><table><caption class="hidden">Limits</caption><tbody>${Object.entries(
    {
      'Cost of a run': `$${limits.usd_per_run}`,
      'Time of a phase': `${limits.timeout_minutes} minutes`,
      'Runs at the same time in a repository': limits.concurrent_runs,
      'Files and bytes of a change': `${limits.changed_files} and ${limits.changed_bytes.toLocaleString('en')}`,
      'Rework rounds and other plans': `${limits.rework_rounds} and ${limits.plan_alternatives}`,
      'Approval of the plan': review.plan,
      'Approvals of a change': review.required_reviewers,
      'A gate expires after': `${review.expires_hours} hours`,
      'Critical paths':
        Object.entries(review.critical_paths)
          .map(([glob, n]) => `${glob} (${n})`)
          .join(', ') || 'none',
      'Protected paths': policy.protected_paths.join(', '),
    },
  ).map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${String(value)}</td></tr>`,
  )}</tbody></table></div></section>`;
  return page(context, { title: 'Settings', body });
}

/** The ways to people, each with a test message for operators. */
function channelsView(context: PageContext, tested: Tested | undefined): Markup {
  const { channels, testChannel } = context.options;
  const result =
    tested &&
    markup`<p role="status"><span class="chip ${tested.ok ? 'good' : 'bad'}">${tested.ok ? 'Sent' : 'Not sent'}</span> ${tested.says} ${tested.remedy}</p>`;
  return markup`<section class="card" id="channels"><h2>Channels</h2>${result}${
    !channels || channels.length === 0
      ? markup`<p class="quiet">The policy configures no way to people outside these pages: <code>notify.email</code>, <code>notify.slack</code>, <code>notify.webhook</code>.</p>`
      : channels.map(
          (name) =>
            markup`<p>${channelWords[name]}</p>${testChannel !== undefined && form(context, '/settings/test-message', markup`<input type="hidden" name="channel" value="${name}"><button class="quiet">Send me a test message by ${name}</button>`)}`,
        )
  }</section>`;
}

const channelWords = { mail: 'Mail', slack: 'Slack', webhook: 'Webhook' };

function rolesOf(policy: PageContext['options']['policy'], id: string): string {
  const scope = readScope(policy, id);
  return [
    ...(approversOf(policy).includes(id) ? ['approver'] : []),
    ...(operatorsOf(policy).includes(id) ? ['operator'] : []),
    ...(scope ? [`reader of ${scope.teams.join(', ') || 'own runs'}`] : []),
  ].join(', ');
}
